import numpy as np
import pytest

from service.patchcore.held_out import held_out_distances, held_out_scores
from service.patchcore.levels import coverage_radius
from service.patchcore.nearest import nearest_distances
from service.patchcore.recipe import Recipe

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


def test_coverage_radius_is_the_farthest_patch() -> None:
    features, vectors = RNG.standard_normal((100, 6)), RNG.standard_normal((9, 6))
    assert coverage_radius(features, vectors) == pytest.approx(brute(features, vectors).max(), rel=1e-6)
    with pytest.raises(ValueError, match="empty"):
        coverage_radius(features[:0], vectors)
