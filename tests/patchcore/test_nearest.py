import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.patchcore.coverage import FIRST_VECTORS, coverage_radius
from service.patchcore.held_out import fused_score, fused_scores, held_out_distances, held_out_scores
from service.patchcore.levels import fused, level_distances
from service.patchcore.nearest import nearest_distances
from service.patchcore.recipe import Recipe, ScoreMode
from service.patchcore.scoring import image_score

SCORE_MODES: tuple[ScoreMode, ...] = get_args(ScoreMode)
RNG = np.random.default_rng(5)


def brute(queries: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    difference = queries[:, None].astype(np.float64) - vectors[None].astype(np.float64)
    return np.asarray(np.sqrt((difference**2).sum(axis=2)).min(axis=1))


def test_nearest_distances_equal_direct_ones() -> None:
    queries, vectors = RNG.standard_normal((300, 20)), RNG.standard_normal((500, 20))
    assert np.allclose(nearest_distances(queries, vectors), brute(queries, vectors), rtol=1e-6)


def test_small_distances_far_from_the_origin_keep_their_digits() -> None:
    vectors = (1000 + RNG.standard_normal((200, 20))).astype(np.float32)
    queries = (vectors + 1e-3 * RNG.standard_normal(vectors.shape)).astype(np.float32)
    assert np.allclose(nearest_distances(queries, vectors), brute(queries, vectors), rtol=1e-6)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**31), scale=st.sampled_from([0.0, 1e-3, 0.5, 1.0, 2.0, math.inf]))
def test_known_distances_and_more_vectors_give_the_smaller_of_both_to_the_bit(
    seed: int, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    vectors = (rng.choice([0, 100]) + rng.standard_normal((70, 5))).astype(np.float32)
    queries = np.concatenate([vectors[:20] + rng.normal(0, 0.1, (20, 5)), vectors[20:40]]).astype(np.float32)
    plain = nearest_distances(queries, vectors)
    known = (plain * rng.uniform(0.5, 1.5, 40) * scale if scale < math.inf else np.full(40, np.inf)).astype(
        np.float32
    )
    assert np.array_equal(nearest_distances(queries, vectors, known=known), np.minimum(plain, known))
    both = nearest_distances(queries, vectors[30:], known=nearest_distances(queries, vectors[:30]))
    assert np.array_equal(both, plain)


def test_held_out_distances_ignore_the_parts_own_vectors() -> None:
    part, vectors = RNG.standard_normal((4, 5, 8)), RNG.standard_normal((60, 8)).astype(np.float16)
    owner = RNG.integers(0, 3, 60).astype(np.int32)
    ours = held_out_distances(part, 1, vectors, owner)
    assert ours.shape == (1, 4, 5)
    assert np.allclose(ours.ravel(), brute(part.reshape(-1, 8), vectors[owner != 1]), rtol=1e-4)


def test_a_part_without_others_scores_infinite() -> None:
    vectors = np.ones((3, 2), np.float16)
    scores = held_out_scores([np.ones((4, 2))], vectors, np.zeros(3, np.int32), Recipe())
    assert np.isinf(scores).all()


def test_parts_scored_together_score_as_each_alone() -> None:
    distances = RNG.random((3, 7, 4, 5)).astype(np.float32)
    distances[1, 4, 2, 2] = np.inf
    for mode in SCORE_MODES:
        scores = fused_scores(distances, Recipe(score=mode))
        for number, part in enumerate(distances.swapaxes(0, 1)):
            alone = np.inf if number == 4 else image_score(fused(part), mode)
            assert scores[number] == alone == fused_score(part, Recipe(score=mode))


@pytest.mark.parametrize("levels", [(), (2, 4)])
@pytest.mark.parametrize("least", [0.0, 1.5, 2.5, 99.0])
def test_coverage_radius_is_the_larger_of_what_is_known_and_the_farthest_patch(
    least: float, levels: tuple[int, ...]
) -> None:
    features, vectors = RNG.standard_normal((800, 6)), RNG.standard_normal((3 * FIRST_VECTORS, 6))
    farthest = float(fused(level_distances(features, vectors, levels)).max())
    assert coverage_radius(features, vectors, levels, least) == max(least, farthest)


def test_coverage_radius_is_the_farthest_patch() -> None:
    features, vectors = RNG.standard_normal((100, 6)), RNG.standard_normal((9, 6))
    assert coverage_radius(features, vectors) == pytest.approx(brute(features, vectors).max(), rel=1e-6)
    with pytest.raises(ValueError, match="empty"):
        coverage_radius(features[:0], vectors)
