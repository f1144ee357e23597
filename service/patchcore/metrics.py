"""Metrics: how well scores tell good parts from defects, as the field's papers count it."""

import cv2
import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.bool_] | NDArray[np.integer]


def auroc(labels: Labels, scores: NDArray[np.floating]) -> float | None:
    """The area under the ROC curve; None, "not defined", when one class is missing.

    `labels` (truthy: defect) and `scores` of any one shape: pictures give the image AUROC, masks and maps the
    pixel AUROC.
    """
    defects, alarms = _counts(labels, scores)
    good = alarms - defects
    if defects[-1] == 0 or good[-1] == 0:
        return None
    return float(np.trapezoid(np.append(0, defects), np.append(0, good)) / (defects[-1] * good[-1]))


def average_precision(labels: Labels, scores: NDArray[np.floating]) -> float | None:
    """The mean of the precision over the recall's steps; None when there is no defect or nothing else."""
    defects, alarms = _counts(labels, scores)
    if defects[-1] == 0 or defects[-1] == alarms[-1]:
        return None
    steps = np.diff(np.append(0, defects)) / defects[-1]
    return float((steps * defects / alarms).sum())


def aupro(masks: Labels, maps: NDArray[np.floating], limit: float = 0.3) -> float | None:
    """The area under the per-region-overlap curve up to a false-positive rate of `limit`, scaled to 0..1.

    Bergmann et al. 2021 (MVTec AD): the overlap is the mean over connected regions (8 neighbours) of the
    share of each that is found, so that a small defect counts as much as a large one; the rate is over all
    good pixels. `masks` and `maps` (B, H, W). None when there is no region or no good pixel.
    """
    weights, good = _region_weights(np.asarray(masks) != 0)
    if not weights.any() or not good.any():
        return None
    ends, order = _ranked(np.asarray(maps, dtype=np.float64).ravel())
    overlap = np.append(0, np.cumsum(weights.ravel()[order])[ends])
    rate = np.append(0, np.cumsum(good.ravel()[order])[ends] / good.sum())
    inside = rate < limit
    x = np.append(rate[inside], limit)
    y = np.append(overlap[inside], _overlap_at(limit, rate, overlap))
    return float(np.trapezoid(y, x) / limit)


def _overlap_at(limit: float, rate: NDArray[np.float64], overlap: NDArray[np.float64]) -> float:
    """The curve at a rate, linear between its points."""
    after = int(np.searchsorted(rate, limit, side="left"))
    before, share = after - 1, (limit - rate[after - 1]) / (rate[after] - rate[after - 1])
    return float(overlap[before] + share * (overlap[after] - overlap[before]))


def _region_weights(masks: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    weights = np.zeros(masks.shape)
    regions = 0
    for mask, weight in zip(masks, weights, strict=True):
        count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
        sizes = np.bincount(labels.ravel(), minlength=count).astype(np.float64)
        weight[mask] = 1 / sizes[labels[mask]]
        regions += count - 1
    return weights / max(1, regions), ~masks


def _counts(labels: Labels, scores: NDArray[np.floating]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Defects and pictures at or above each distinct score, highest first."""
    truth = (np.asarray(labels) != 0).ravel()
    ends, order = _ranked(np.asarray(scores, dtype=np.float64).ravel())
    if truth.size != order.size:
        raise ValueError(f"{truth.size} labels came with {order.size} scores: give one for each")
    return np.cumsum(truth[order], dtype=np.int64)[ends], ends + 1


def _ranked(scores: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The last position of each distinct score in descending order, and that order."""
    if not scores.size or np.isnan(scores).any():
        raise ValueError("there are no scores, or some are not numbers: nothing can be measured")
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), scores.size - 1)
    return ends.astype(np.int64), order
