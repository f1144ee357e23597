import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.training.thresholds import Rates, thresholds_of


def test_enough_parts_promise_what_was_wished() -> None:
    thresholds = thresholds_of(np.arange(199.0), 0.01, 0.05)
    assert (thresholds.wished_alpha, thresholds.alpha, thresholds.review_alpha) == (0.01, 0.01, 0.05)
    assert (thresholds.defect_score, thresholds.review_score) == (197, 189)


def test_few_parts_promise_the_smallest_rate_they_can() -> None:
    thresholds = thresholds_of(np.arange(9.0), 0.01, 0.05)
    assert thresholds.alpha == thresholds.review_alpha == 0.1
    assert thresholds.wished_alpha == 0.01
    assert thresholds.defect_score == thresholds.review_score == 8


@given(n=st.integers(1, 300), alpha=st.floats(1e-4, 0.5), wider=st.floats(1, 1.9))
def test_a_review_never_begins_above_a_defect(n: int, alpha: float, wider: float) -> None:
    thresholds = thresholds_of(np.arange(float(n)), alpha, alpha * wider)
    assert thresholds.review_score <= thresholds.defect_score
    assert thresholds.alpha <= thresholds.review_alpha
    assert Rates.of(thresholds).alpha == alpha


@pytest.mark.parametrize(("alpha", "review"), [(0.1, 0.05), (0, 0.5), (0.5, 1), (float("nan"), 0.5)])
def test_rates_that_cannot_be_are_refused(alpha: float, review: float) -> None:
    with pytest.raises(ValueError, match="cannot be: give both more than 0"):
        thresholds_of(np.arange(9.0), alpha, review)
