"""Pictures that say something about the camera and nothing about the part."""

import math
from typing import cast

import numpy as np

from schemas.reasons import FaultReason
from service.images.picture import Picture, Pixels
from service.images.unreadable import UnfitImage

import cv2  # isort: skip - after service.images, which sets what OpenCV reads while it loads

SATURATED_SHARE = 0.99
"""Back-lit parts stand before a field of pure white on purpose: only where less than a hundredth is left of
the part is there nothing to judge. White packaging with texture stays below full scale and is judged."""

SATURATED_LEVEL = 0.99
"""Of full scale. JPEG rings by a level or two around saturated fields."""

FLAT_RANGE = 0.012
"""Of full scale, three levels of 255, between the darkest and the brightest block of the picture. A covered
lens is even once its noise (2 to 4 levels a pixel) is averaged over a block; dark cells and white boxes have
edges of ten levels and more."""

_BLOCKS = 32

_BRIGHT = 0.95
"""Of full scale: the mean of a saturated picture is above .98, SATURATED_SHARE of SATURATED_LEVEL, and
resizing moves a mean by less than .03. Of a darker one nobody counts samples."""


def check_fit(picture: Picture, white: int | None = None, seen: Pixels | None = None) -> None:
    """Raises UnfitImage: over-exposed, or flat. ``white`` is full scale (the contract's), else the depth's;
    ``seen`` the picture averaged down to the network's size, where it is there already.

    Blocks for about a millisecond a megapixel: without ``seen``, or where most of the picture is bright.
    """
    full = white or (65535 if picture.depth == 16 else 255)
    blocks = _blocks(picture.pixels if seen is None else seen)
    if blocks.mean() >= _BRIGHT * full and _saturated_share(picture.pixels, full) >= SATURATED_SHARE:
        raise UnfitImage(FaultReason.OVER_EXPOSED)
    if np.ptp(blocks, axis=(0, 1)).max() < FLAT_RANGE * full:
        raise UnfitImage(FaultReason.FLAT)


def _saturated_share(pixels: Pixels, full: int) -> float:
    """The share of samples at full scale; one colour channel may clip alone on a healthy part."""
    # As an integer: compared with a float, samples would be converted first, which takes four times as long.
    level = pixels.dtype.type(math.ceil(SATURATED_LEVEL * full))
    return float(np.count_nonzero(pixels >= level) / pixels.size)


def _blocks(pixels: Pixels) -> Pixels:
    """Block means. Few blocks, so that a block averages noise away."""
    height, width = pixels.shape[:2]
    size = (min(width, _BLOCKS), min(height, _BLOCKS))
    return cast(Pixels, cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
