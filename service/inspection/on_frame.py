"""From the patch grid over the region of interest to the frame's own pixels."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from service.images.contract import InputContract
from service.images.heatmap import drawing_size
from service.images.region import Box
from service.patchcore.anomaly_map import draw_grid
from service.patchcore.regions import Region, find_regions


def regions_on_frame(
    grid: NDArray[np.float32], threshold: float, contract: InputContract, size: tuple[int, int]
) -> tuple[Region, ...]:
    """``find_regions`` of the grid [H, W] of a frame of ``size`` (height, width), in the frame's pixels:
    never empty where the highest score is above the threshold."""
    box = contract.box(size[1], size[0])
    down, right = _shift(contract, (box.height, box.width))
    found = find_regions(grid, threshold, (box.height, box.width))
    return tuple(_placed(region, box, down, right) for region in found)


def map_on_region(
    grid: NDArray[np.float32], size: tuple[int, int], contract: InputContract, sigma: float
) -> NDArray[np.float32]:
    """The grid drawn over the region of interest at ``size`` (height, width), to within half a patch of where
    things are. Beyond the last patches it goes on as it ends."""
    drawn = draw_grid(grid, size, sigma)
    down, right = _shift(contract, size)
    if not (down or right):
        return drawn
    move = np.array([[1, 0, -right], [0, 1, -down]], np.float64)
    moved = cv2.warpAffine(drawn, move, (size[1], size[0]), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def anomaly_on_frame(
    grid: NDArray[np.float32], size: tuple[int, int], contract: InputContract, sigma: float
) -> NDArray[np.float32]:
    """The map to draw over a frame of ``size`` (height, width), at the drawing's size: 0 outside the region.

    Smoothed for the eye, but a peak keeps its height: a small defect must reach the threshold.
    """
    height, width = drawing_size(size[1], size[0])
    box = contract.box(size[1], size[0])
    top, bottom = _ends(box.y, box.height, height / size[0], height)
    left, right = _ends(box.x, box.width, width / size[1], width)
    within = (bottom - top, right - left)
    smooth, sharp = (map_on_region(grid, within, contract, each) for each in (sigma, 0.0))
    drawn = np.zeros((height, width), np.float32)
    drawn[top:bottom, left:right] = np.maximum(smooth, sharp)
    return drawn


def _shift(contract: InputContract, size: tuple[int, int]) -> tuple[float, float]:
    """The contract's shift, down and right, in pixels of the region drawn at ``size``."""
    down, right = contract.response_shift
    return down * size[0] / contract.input_height, right * size[1] / contract.input_width


def _placed(region: Region, box: Box, down: float, right: float) -> Region:
    x, width = _moved(region.x, region.width, right, box.width)
    y, height = _moved(region.y, region.height, down, box.height)
    return replace(region, x=box.x + x, y=box.y + y, width=width, height=height)


def _moved(start: int, length: int, by: float, pixels: int) -> tuple[int, int]:
    """A span moved back within 0 to ``pixels``. One that touched the end still does: nothing lies behind."""
    first = min(max(round(start - by), 0), pixels - 1)
    last = pixels if start + length >= pixels else min(round(start + length - by), pixels)
    return first, max(1, last - first)


def _ends(start: int, length: int, scale: float, pixels: int) -> tuple[int, int]:
    first = min(round(start * scale), pixels - 1)
    return first, max(first + 1, min(round((start + length) * scale), pixels))
