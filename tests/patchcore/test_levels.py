"""Late fusion: distances found level by level, through fit, growth, search and calibration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.patchcore import Recipe, fit, fused, fused_score, grow, index_of, level_distances
from service.patchcore.coverage import coverage_radius
from service.patchcore.levels import columns

LATE = Recipe(whiten=True, fusion="late", coreset_share=0.2, min_vectors=20)
LEVELS = (6, 10)


def parts(count: int, seed: int) -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((5, 5, 16)).astype(np.float32) for _ in range(count)]


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 2**31))
def test_fused_distance_is_the_sum_of_each_levels_nearest(patches: int, bank: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    queries = rng.standard_normal((patches, 16)).astype(np.float32)
    vectors = rng.standard_normal((bank, 16)).astype(np.float32)
    brute = np.zeros(patches)
    for level in (slice(0, 6), slice(6, 16)):
        difference = queries[:, None, level] - vectors[None, :, level]
        brute += np.sqrt((difference.astype(np.float64) ** 2).sum(-1)).min(1)
    assert np.allclose(fused(level_distances(queries, vectors, LEVELS)), brute, rtol=1e-5)
    assert np.allclose(index_of(vectors, LEVELS).nearest(queries), brute, rtol=1e-5)


def test_late_distances_are_never_above_what_any_one_vector_gives() -> None:
    rng = np.random.default_rng(1)
    queries, vectors = rng.standard_normal((50, 16)), rng.standard_normal((9, 16))
    late = fused(level_distances(queries, vectors, LEVELS))
    halves = [np.linalg.norm(queries[:, None, c] - vectors[None, :, c], axis=2) for c in columns(LEVELS, 16)]
    assert (late <= (halves[0] + halves[1]).min(1) + 1e-5).all()


def test_each_level_is_whitened_to_the_same_weight() -> None:
    taught = parts(8, 0)
    for part in taught:
        part[..., :6] *= 100
    bank = fit(taught, LATE, levels=LEVELS)
    assert bank.whitening is not None
    white = bank.whitening.apply(np.concatenate([part.reshape(-1, 16) for part in taught]))
    spreads = [float(white[:, level].var(axis=0).sum()) for level in columns(LEVELS, 16)]
    assert spreads == pytest.approx([1, 1], rel=0.02)
    assert not bank.whitening.matrix[:6, 6:].any()


def test_calibration_and_radius_are_on_the_fused_scale() -> None:
    taught = parts(8, 0)
    bank = fit(taught, LATE, levels=LEVELS)
    patches = np.concatenate([bank.queries(part) for part in taught]).astype(np.float16)
    assert bank.coverage_radius == pytest.approx(coverage_radius(patches, bank.vectors, LEVELS))
    assert bank.calibration_shifts is not None
    plain = bank.calibration_scores - bank.calibration_shifts
    for score, part in zip(plain, bank.calibration_parts, strict=True):
        others = bank.vectors[bank.vector_part != part]
        distances = index_of(others, LEVELS).nearest(bank.queries(taught[int(part)]))
        assert float(distances.max()) == pytest.approx(float(score), rel=1e-5)


def test_growth_only_lowers_the_distances() -> None:
    old, new = parts(8, 0), parts(3, 1)
    bank = fit(old, LATE, levels=LEVELS)
    grown = grow(bank, new, dict(enumerate(old)))
    assert grown.levels == LEVELS
    assert grown.size > bank.size
    for part in new:
        assert fused_score(grown.distances(part), LATE) <= fused_score(bank.distances(part), LATE)


def test_without_whitening_each_level_is_scaled_and_not_turned() -> None:
    taught = parts(8, 0)
    for part in taught:
        part[..., :6] *= 100
    bank = fit(taught, LATE.model_copy(update={"whiten": False}), levels=LEVELS)
    assert bank.whitening is not None
    matrix = bank.whitening.matrix
    assert np.count_nonzero(matrix) == 16
    white = bank.whitening.apply(np.concatenate([part.reshape(-1, 16) for part in taught]))
    spreads = [float(white[:, level].var(axis=0).sum()) for level in columns(LEVELS, 16)]
    assert spreads == pytest.approx([1, 1], rel=0.02)


def test_levels_that_do_not_make_the_dimensions_are_refused() -> None:
    with pytest.raises(ValueError, match="do not make 16"):
        fit(parts(3, 0), LATE, levels=(6, 11))
