"""Laws of the watch over a line's scores."""

import random
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.drift.cusum import Cusum
from service.drift.martingale import SimpleJumper
from service.drift.monitor import Drift, DriftRules, LineMonitor


def lognormal(seed: int, count: int, shift: float = 0.0) -> list[float]:
    """Scores whose logarithm has a standard deviation of .2, moved by so many of them."""
    drawn = random.Random(seed)
    return [exp(0.2 * (drawn.gauss(0, 1) + shift)) for _ in range(count)]


def episodes(monitor: LineMonitor, scores: list[float]) -> list[Drift]:
    return [drift for score in scores if (drift := monitor.add(score)) is not None]


def test_a_line_without_drift_is_left_in_peace() -> None:
    assert sum(len(episodes(LineMonitor(), lognormal(seed, 4_000))) for seed in range(5)) == 0


@pytest.mark.parametrize("shift", [1.5, -1.5])
def test_a_shift_is_told_once_with_its_direction_within_fifty_frames(shift: float) -> None:
    monitor = LineMonitor()
    assert not episodes(monitor, lognormal(0, 800))
    (drift,) = episodes(monitor, lognormal(1, 2_000, shift))
    assert 800 < drift.frames <= 850
    assert drift.upwards == (shift > 0)
    assert monitor.drifting


def test_an_episode_ends_when_the_scores_are_back_and_the_next_is_told_again() -> None:
    monitor = LineMonitor()
    told = [len(episodes(monitor, lognormal(seed, 500, shift))) for seed, shift in enumerate([0, 2, 0, 2])]
    assert told == [0, 1, 0, 1]


def test_nothing_is_tested_before_the_window_is_full() -> None:
    monitor = LineMonitor(DriftRules(reference=60))
    assert not episodes(monitor, [float(number) for number in range(60)])
    assert monitor.testing
    assert monitor.statistic == 0


def test_the_median_moves_from_nought_to_one_as_the_usual_part_comes_to_alarm() -> None:
    monitor = LineMonitor(DriftRules(reference=50))
    for _ in range(49):
        monitor.add(1.0)
    assert monitor.movement(3.0) == 0
    for score, moved in ((1.0, 0.0), (2.0, 0.5), (3.0, 1.0), (0.0, -0.5)):
        for _ in range(100):
            monitor.add(score)
        assert monitor.movement(3.0) == moved
    assert monitor.movement(0.5) == 0


@given(st.lists(st.floats(-4, 4), max_size=100))
def test_a_cumulative_sum_is_that_of_page_as_long_as_it_is_below_its_limit(deviates: list[float]) -> None:
    cusum, total, lowest = Cusum(0.5, 1e9), 0.0, 0.0
    for deviate in deviates:
        cusum.add(deviate)
        total += deviate - 0.5
        lowest = min(lowest, total)
        assert cusum._up == pytest.approx(total - lowest, abs=1e-9)


@given(st.lists(st.sampled_from([0.05, 0.35, 0.65, 0.95]), max_size=30))
def test_a_gambler_gains_nothing_in_the_mean_over_uniform_p_values(before: list[float]) -> None:
    def after(p_value: float) -> float:
        gambler = SimpleJumper(restarting=False)
        for each in [*before, p_value]:
            gambler.add(each)
        return gambler.capital

    gambler = SimpleJumper(restarting=False)
    for each in before:
        gambler.add(each)
    assert (after(0.1) + after(0.9)) / 2 == pytest.approx(gambler.capital)
