"""Laws of the reference window: it sees the order of scores and nothing else."""

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.drift.recent import RunningMedian
from service.drift.reference import Reference

scores = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


@given(scores, st.floats(-1e6, 1e6))
def test_a_p_value_is_the_share_at_least_as_large_with_ties_counted_half(
    window: list[float], score: float
) -> None:
    larger = sum(other > score for other in window)
    equal = sum(other == score for other in window)
    expected = (larger + (equal + 1) / 2) / (len(window) + 1)
    assert Reference(40, window).p_value(score) == pytest.approx(expected)


@given(scores, st.floats(-1e6, 1e6))
def test_a_normal_score_is_the_deviate_of_the_p_value(window: list[float], score: float) -> None:
    reference = Reference(40, window)
    deviate = reference.normal_score(score)
    assert NormalDist().cdf(-deviate) == pytest.approx(reference.p_value(score))


@given(scores, st.floats(-50, 50))
def test_no_rank_changes_when_every_score_is_stretched(window: list[float], score: float) -> None:
    window = [round(other / 1e5, 3) for other in window]
    score = round(score, 3)
    before = Reference(40, window).normal_score(score)
    assert Reference(40, [math.exp(other) for other in window]).normal_score(math.exp(score)) == before


def test_a_full_window_takes_no_more() -> None:
    reference = Reference(2, [1.0])
    reference.add(3.0)
    assert (reference.full, reference.median) == (True, 3.0)
    with pytest.raises(ValueError, match="full"):
        reference.add(2.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.integers(1, 9))
def test_a_running_median_is_the_median_of_the_newest(values: list[float], size: int) -> None:
    running = RunningMedian(size)
    for value in values:
        running.add(value)
    newest = sorted(values[-size:])
    assert running.median == newest[len(newest) // 2]
