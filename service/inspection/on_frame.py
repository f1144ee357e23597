"""From the patch grid over the region of interest to the frame's own pixels."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from service.images.heatmap import drawing_size
from service.images.region import Box
from service.patchcore.anomaly_map import draw_grid
from service.patchcore.regions import Region, find_regions


def regions_on_frame(grid: NDArray[np.float32], threshold: float, box: Box) -> tuple[Region, ...]:
    """``find_regions`` of a grid [H, W] that lies over ``box``, in the frame's pixels."""
    found = find_regions(grid, threshold, (box.height, box.width))
    return tuple(replace(region, x=region.x + box.x, y=region.y + box.y) for region in found)


def anomaly_on_frame(
    grid: NDArray[np.float32], box: Box, size: tuple[int, int], sigma: float
) -> NDArray[np.float32]:
    """The map to draw over a frame of ``size`` (height, width), at the drawing's size: 0 outside ``box``.

    Smoothed for the eye, but a peak keeps its height: a small defect must reach the threshold.
    """
    height, width = drawing_size(size[1], size[0])
    top, bottom = _ends(box.y, box.height, height / size[0], height)
    left, right = _ends(box.x, box.width, width / size[1], width)
    within = (bottom - top, right - left)
    drawn = np.zeros((height, width), np.float32)
    drawn[top:bottom, left:right] = np.maximum(draw_grid(grid, within, sigma), draw_grid(grid, within, 0.0))
    return drawn


def _ends(start: int, length: int, scale: float, pixels: int) -> tuple[int, int]:
    first = min(round(start * scale), pixels - 1)
    return first, max(first + 1, min(round((start + length) * scale), pixels))
