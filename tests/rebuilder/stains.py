"""Parts with a stain: a defect that even the quick network sees, as strong as a test wants it."""

from functools import lru_cache

import numpy as np

from tests.parts import draw_part, encode_png

GREEN, VIOLET = (0, 255, 0), (255, 0, 255)


@lru_cache(maxsize=256)
def stained(
    seed: int, strength: float = 1.0, colour: tuple[int, int, int] = GREEN, at: tuple[int, int] = (64, 64)
) -> bytes:
    """A drawn part whose 32 x 32 pixels from ``at`` (row, column) on are mixed with the colour."""
    pixels = draw_part(seed, size=(160, 160)).astype(np.float32)
    row, column = at
    patch = pixels[row : row + 32, column : column + 32]
    patch += strength * (np.asarray(colour, np.float32) - patch)
    return encode_png(pixels.round().astype(np.uint8))
