"""Pictures to the network's input: resized, scaled, normalised."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from service.images.picture import Pixels

import cv2  # isort: skip - after service.images, which sets what OpenCV reads while it loads

Triple = tuple[float, float, float]
Grid = TypeVar("Grid", bound=NDArray[Any])


def to_batch(
    pictures: Sequence[Pixels], size: tuple[int, int], *, white: int, mean: Triple, std: Triple
) -> NDArray[np.float32]:
    """float32 [B, 3, height, width], contiguous: ``(pixel / white - mean) / std`` for each channel, in RGB.

    ``size`` is (height, width); samples above ``white`` are clipped; grey is repeated in three channels. Each
    picture's values depend on nothing else in the batch. Raises ValueError when there are no pictures.
    """
    if not pictures:
        raise ValueError("There are no pictures to put in a batch: give at least one.")
    batch = np.empty((len(pictures), 3, *size), np.float32)
    for planes, pixels in zip(batch, pictures, strict=True):
        _normalise(fit(pixels, size), planes, white, mean, std)
    return batch


def fit(pixels: Grid, size: tuple[int, int]) -> Grid:
    """The pixels at (height, width): area average where the picture shrinks, so that a thin scratch is dimmed
    and never skipped; bilinear where it grows. Same dtype and channels."""
    height, width = size
    if pixels.shape[:2] == size:
        return pixels
    shrinks = pixels.shape[0] * pixels.shape[1] > height * width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cast(Grid, cv2.resize(pixels, (width, height), interpolation=method))


def _normalise(pixels: Pixels, planes: NDArray[np.float32], white: int, mean: Triple, std: Triple) -> None:
    clipped = np.minimum(pixels, white) if pixels.dtype == np.uint16 else pixels
    for channel in range(3):
        samples = clipped if clipped.ndim == 2 else clipped[..., channel]
        np.multiply(samples, np.float32(1 / (white * std[channel])), out=planes[channel], dtype=np.float32)
        planes[channel] -= np.float32(mean[channel] / std[channel])
