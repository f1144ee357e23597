"""Masks and maps at one bounded size, so that a category's pixels can be ranked together."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.evaluation.categories import Specimen, unreadable
from service.images.decode import decode
from service.images.unreadable import UnreadableImage
from service.training.part import LIMITS

import cv2  # isort: skip - after service.images, which sets what OpenCV reads while it loads

LONGEST_SIDE = 256
"""Pixels. A patch of the default grid is 8 of them: a finer map would rank the same values again, and two
hundred maps must be sorted in memory."""


def map_size(specimens: tuple[Specimen, ...]) -> tuple[int, int]:
    """(height, width) of a category's maps: the smallest picture's shape, the longest side at most 256."""
    smallest = min(specimens, key=lambda specimen: specimen.width * specimen.height)
    shrink = max(1.0, max(smallest.width, smallest.height) / LONGEST_SIDE)
    return max(1, round(smallest.height / shrink)), max(1, round(smallest.width / shrink))


def truth_of(specimen: Specimen, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Where the defect is, [height, width]. Raises ``EvaluationRefused`` for a mask that cannot be read."""
    if specimen.mask is None:
        return np.zeros(size, dtype=np.bool_)
    return shrunk(_mask(specimen.mask), size)


def shrunk(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """True wherever the mask touches a pixel of the map: no region is too small to be counted."""
    height, width = size
    cover = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cover > 0)


def _mask(path: Path) -> NDArray[np.bool_]:
    try:
        pixels = decode(path.read_bytes(), LIMITS).pixels
    except UnreadableImage as error:
        raise unreadable(path, error) from error
    return np.asarray(pixels.reshape(*pixels.shape[:2], -1).any(axis=2), dtype=np.bool_)
