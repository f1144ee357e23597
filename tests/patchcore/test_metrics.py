from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from service.patchcore.metrics import aupro, auroc, average_precision

RNG = np.random.default_rng(6)


@given(seed=st.integers(0, 500), count=st.integers(2, 80), levels=st.sampled_from([2, 5, 1000]))
def test_auroc_and_average_precision_agree_with_sklearn(seed: int, count: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.append(rng.integers(0, 2, count), [0, 1])
    scores = rng.integers(0, levels, count + 2) / levels
    assert auroc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-9)
    assert average_precision(labels, scores) == pytest.approx(
        average_precision_score(labels, scores), abs=1e-9
    )


def plain_aupro(masks: np.ndarray, maps: np.ndarray, limit: float) -> float:
    points = [(0.0, 0.0)]
    found = [cv2.connectedComponents(m.astype(np.uint8), connectivity=8) for m in masks]
    for level in np.unique(maps)[::-1]:
        above = maps >= level
        shares = [above[i][lab == j].mean() for i, (n, lab) in enumerate(found) for j in range(1, n)]
        points.append((float(above[masks == 0].mean()), float(np.mean(shares))))
    area = 0.0
    for (x, y), (end, top) in pairwise(points):
        if x < min(end, limit):
            reach = min(end, limit)
            area += (reach - x) * (y + y + (top - y) * (reach - x) / (end - x)) / 2
    return area / limit


@pytest.mark.parametrize("limit", [0.3, 0.05, 1.0])
def test_aupro_agrees_with_the_plain_definition(limit: float) -> None:
    masks = np.zeros((3, 16, 16), int)
    masks[0, 2:5, 3:9] = masks[0, 10:14, 10:12] = masks[1, 0:2, 0:2] = 1
    maps = RNG.random(masks.shape) + 0.5 * masks
    assert aupro(masks, maps, limit) == pytest.approx(plain_aupro(masks, maps, limit), abs=1e-9)


def test_a_perfect_map_has_aupro_one_and_a_constant_one_half_the_limit() -> None:
    masks = np.zeros((1, 10, 10), int)
    masks[0, 4:6, 4:6] = 1
    assert aupro(masks, masks.astype(float)) == pytest.approx(1)
    assert aupro(masks, np.zeros(masks.shape)) == pytest.approx(0.15)


def test_a_missing_class_is_not_defined() -> None:
    scores = np.arange(4.0)
    for labels in (np.zeros(4, int), np.ones(4, int)):
        assert auroc(labels, scores) is None
        assert average_precision(labels, scores) is None
        assert aupro(labels.reshape(1, 2, 2), scores.reshape(1, 2, 2)) is None


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="one for each"):
        auroc(np.array([0, 1]), np.arange(3.0))
    with pytest.raises(ValueError, match="not numbers"):
        auroc(np.array([0, 1]), np.array([0, np.nan]))
