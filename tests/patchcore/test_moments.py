import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.patchcore.moments import Moments
from tests.patchcore.test_growth import parts


@given(seed=st.integers(0, 1000), gone=st.sets(st.integers(0, 5), min_size=1, max_size=5))
def test_moments_without_some_parts_are_those_of_the_others(seed: int, gone: set[int]) -> None:
    good = [scale * part for scale, part in zip((1, 2, 3, 4, 5, 60), parts(6, seed), strict=True)]
    left = Moments.of(good).without(Moments.of([good[part] for part in gone]))
    expected = Moments.of([part for number, part in enumerate(good) if number not in gone])
    assert left.count == expected.count
    assert left.mean == pytest.approx(expected.mean, abs=1e-9)
    assert left.scatter == pytest.approx(expected.scatter, rel=1e-9, abs=1e-6)


def test_covariance_is_that_of_all_patches() -> None:
    good = parts(4, 0, width=6)
    rows = np.concatenate([part.reshape(-1, 6) for part in good]).astype(np.float64)
    assert Moments.of(good).covariance() == pytest.approx(np.cov(rows.T, bias=True))
