"""Regions: where on the part the score passes the threshold, as boxes in pixels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_REGIONS = 32


@dataclass(frozen=True)
class Region:
    """A box in pixels of the frame, inside it, at least 1 x 1, and the highest patch score within."""

    x: int
    y: int
    width: int
    height: int
    score: float


def find_regions(patch_scores: NDArray[np.floating], threshold: float, size: tuple[int, int]) -> list[Region]:
    """Boxes of connected patches (8 neighbours) whose unsmoothed score is above `threshold`, highest first.

    `patch_scores` (H, W) on the score's own scale; `size` (height, width) of the frame in pixels. A box
    covers its patches' cells. Never empty when the maximum is above the threshold. At most 32: the
    lowest-scoring others are omitted.
    """
    scores = np.asarray(patch_scores, dtype=np.float64)
    above = (scores > threshold).astype(np.uint8)
    count, found, stats, _ = cv2.connectedComponentsWithStats(above, connectivity=8)
    labels = np.asarray(found, dtype=np.int32)
    regions = [
        _region(stats[i], float(scores[labels == i].max()), scores.shape, size)
        for i in _highest(scores, labels, count)
    ]
    return sorted(regions, key=lambda r: (-r.score, r.y, r.x))


def _highest(scores: NDArray[np.float64], labels: NDArray[np.int32], count: int) -> list[int]:
    peaks = np.full(count, -np.inf)
    np.maximum.at(peaks, labels.ravel(), scores.ravel())
    order = np.argsort(-peaks[1:], kind="stable") + 1
    return [int(i) for i in order[:MAX_REGIONS]]


def _region(stat: NDArray[np.int32], score: float, grid: tuple[int, ...], size: tuple[int, int]) -> Region:
    left, top = int(stat[cv2.CC_STAT_LEFT]), int(stat[cv2.CC_STAT_TOP])
    x, width = _span(left, int(stat[cv2.CC_STAT_WIDTH]), grid[1], size[1])
    y, height = _span(top, int(stat[cv2.CC_STAT_HEIGHT]), grid[0], size[0])
    return Region(x, y, width, height, score)


def _span(first: int, count: int, cells: int, pixels: int) -> tuple[int, int]:
    start = first * pixels // cells
    end = -(-(first + count) * pixels // cells)
    return start, max(1, end - start)
