"""The anomaly map: the patch grid drawn at a picture's size, for people to look at."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

REFERENCE_SIDE = 256
CANVAS_PIXELS = 256 * 256


def draw_grid(patch_scores: NDArray[np.floating], size: tuple[int, int], sigma: float) -> NDArray[np.float32]:
    """Draw (H, W) patch scores at `size` (height, width) pixels, float32, on the scores' own scale.

    Bilinear with half-pixel centres: a patch's value sits at the patch's centre. Then a Gaussian, for the eye
    only (regions and verdicts come from the unsmoothed grid). `sigma` is in pixels of a picture of 256 x 256
    and grows with the square root of the area, so that it blurs the same share of the picture at any size;
    4, the paper's value, is half a patch there. Larger pictures are blurred on a canvas of that many pixels
    and enlarged: nothing finer is left after the blur, and it costs a tenth. Raises ValueError for an empty
    size.
    """
    height, width = size
    if height < 1 or width < 1 or patch_scores.ndim != 2 or not patch_scores.size:
        raise ValueError(f"cannot draw a grid of shape {patch_scores.shape} at {height} x {width} pixels")
    grid = np.ascontiguousarray(patch_scores, dtype=np.float32)
    if sigma <= 0:
        return _resize(grid, height, width)
    shrink = max(1.0, math.sqrt(height * width / CANVAS_PIXELS))
    canvas = _resize(grid, max(1, round(height / shrink)), max(1, round(width / shrink)))
    return _resize(_blur(canvas, sigma), height, width)


def _blur(canvas: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    pixels = sigma * math.sqrt(canvas.size) / REFERENCE_SIDE
    blurred = cv2.GaussianBlur(canvas, (0, 0), pixels, borderType=cv2.BORDER_REPLICATE)
    return blurred.astype(np.float32, copy=False)


def _resize(image: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    if image.shape == (height, width):
        return image.copy()
    drawn = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return drawn.astype(np.float32, copy=False)
