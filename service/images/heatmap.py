"""The picture that an operator sees beside an alarm: the part in grey, and what is unusual in colour."""

import numpy as np
from numpy.typing import NDArray

from service.images.picture import Pixels
from service.images.resize import fit

import cv2  # isort: skip - after service.images, which sets what OpenCV reads while it loads

DRAWING_SIDE = 512
"""Enough to see where; the frame itself is one click away. Bounds the time and the PNG's size."""

_STRONGEST = 0.8
# One filter instead of the best of five for each row: half of the time, and no more bytes.
_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP]


def drawing_size(width: int, height: int) -> tuple[int, int]:
    """(height, width) of the drawing: the longer side at most 512 pixels, never larger than the picture."""
    shrink = min(1.0, DRAWING_SIDE / max(width, height))
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def draw_heatmap(
    pixels: Pixels, anomaly: NDArray[np.float32], threshold: float, *, white: int | None = None
) -> bytes:
    """An RGB PNG at ``drawing_size``; equal inputs give equal bytes. ``anomaly`` is [h, w], scaled as scores.

    Colours mean the same on every part of a line, because the scale is anchored: 0 is transparent, the
    threshold is the middle of the inferno map (the colour of embers), twice the threshold its bright end. The
    map's lightness only rises, and a white line with a dark rim runs along the threshold, so both are read
    without colour vision. Raises ValueError for a threshold that is not positive. A few milliseconds.
    """
    if not threshold > 0:
        raise ValueError(f"The threshold is {threshold}: colours are anchored at it, so give a positive one.")
    size = drawing_size(pixels.shape[1], pixels.shape[0])
    level = _level(anomaly, threshold, size)
    drawing = _blend(_backdrop(pixels, size, white), level)
    _outline(drawing, level)
    return bytes(cv2.imencode(".png", drawing, _PNG)[1])


def _level(anomaly: NDArray[np.float32], threshold: float, size: tuple[int, int]) -> NDArray[np.float32]:
    """0 at score 0, one half at the threshold, 1 from twice the threshold on."""
    if anomaly.shape != size:
        anomaly = cv2.resize(anomaly, (size[1], size[0]), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    return np.asarray(np.clip(np.nan_to_num(anomaly / np.float32(2 * threshold)), 0, 1), np.float32)


def _backdrop(pixels: Pixels, size: tuple[int, int], white: int | None) -> NDArray[np.float32]:
    small = fit(pixels, size)
    full = white or (65535 if small.dtype == np.uint16 else 255)
    grey = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return np.asarray(np.minimum(grey.astype(np.float32) * np.float32(255 / full), 255), np.float32)


def _blend(grey: NDArray[np.float32], level: NDArray[np.float32]) -> NDArray[np.uint8]:
    """BGR. Below the threshold the cover grows with the fourth power: a good part stays grey."""
    colours = cv2.applyColorMap(np.rint(level * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    cover = (np.minimum(1, 16 * level**4) * np.float32(_STRONGEST))[..., None]
    blended = grey[..., None] * (1 - cover) + colours * cover
    return np.ascontiguousarray(np.rint(blended), dtype=np.uint8)


def _outline(drawing: NDArray[np.uint8], level: NDArray[np.float32]) -> None:
    above = (level > np.float32(0.5)).astype(np.uint8)
    contours, _ = cv2.findContours(above, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(drawing, contours, -1, (0, 0, 0), 3)
    cv2.drawContours(drawing, contours, -1, (255, 255, 255), 1)
