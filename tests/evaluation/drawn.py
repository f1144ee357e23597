"""A category of drawn parts with true masks: where the part with the defect differs from the whole one."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.parts import DEFECTS, Defect, draw_part, encode_png

SIDE = 160


@lru_cache(maxsize=64)
def part(seed: int, defect: Defect | None = None) -> NDArray[np.uint8]:
    return draw_part(seed, defect, (SIDE, SIDE))


@lru_cache(maxsize=8)
def mask_of(seed: int, defect: Defect) -> NDArray[np.uint8]:
    """255 where the defect is. The same seed draws the same part without it."""
    whole, marred = (part(seed, each).astype(int) for each in (None, defect))
    return np.where(np.abs(whole - marred).max(axis=2) > 24, 255, 0).astype(np.uint8)


def put(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(pixels))


def lay_out(folder: Path, *, train: int = 6, good: int = 3, defects: bool = True, masks: bool = True) -> Path:
    """``folder`` as a category: each of the four defects once, as test/DEFECT/000.png."""
    for seed in range(train):
        put(folder / "train" / "good" / f"{seed:03}.png", part(seed))
    for seed in range(good):
        put(folder / "test" / "good" / f"{seed:03}.png", part(100 + seed))
    for number, defect in enumerate(DEFECTS if defects else ()):
        put(folder / "test" / defect / "000.png", part(200 + number, defect))
        if masks:
            put(folder / "ground_truth" / defect / "000_mask.png", mask_of(200 + number, defect))
    return folder
