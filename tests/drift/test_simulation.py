"""Laws of the simulation by which the watch was chosen, and of the choice itself."""

from collections.abc import Callable
from random import Random

import pytest

from service.drift.martingale import MartingaleMonitor
from service.drift.monitor import LineMonitor
from service.drift.simulation import Monitor, delay, false_alarms


def cusum() -> Monitor:
    monitor = LineMonitor()
    return lambda score: monitor.add(score) is not None


def martingale() -> Monitor:
    return MartingaleMonitor(500, 10_000).add


def standard(drawn: Random) -> float:
    return drawn.gauss(0, 1)


def moved(drawn: Random) -> float:
    return drawn.gauss(1, 1)


def far(drawn: Random) -> float:
    return 9.0


def test_every_alarm_is_counted() -> None:
    assert false_alarms(lambda: lambda score: score > 0, lambda _: 1.0, lines=3, frames=10) == 100_000
    assert false_alarms(lambda: lambda score: score > 0, lambda _: -1.0, lines=3, frames=10) == 0


def test_a_delay_counts_from_the_first_frame_after_the_shift() -> None:
    found = delay(lambda: lambda score: score > 0, lambda _: -1.0, lambda _: 1.0, lines=3, calm=5)
    assert (found.median, found.late, found.missed) == (1, 1, 0)
    missed = delay(lambda: lambda score: False, lambda _: 0.0, lambda _: 0.0, lines=2, calm=5, patience=7)
    assert (missed.median, missed.missed) == (7, 1)


def test_the_sum_is_told_of_a_shift_by_one_deviation_sooner_than_the_gambler() -> None:
    sums = delay(cusum, standard, moved, lines=9, calm=600, patience=300)
    bets = delay(martingale, standard, moved, lines=9, calm=600, patience=300)
    assert sums.median < bets.median < 80
    assert sums.missed == bets.missed == 0


@pytest.mark.parametrize("monitors", [cusum, martingale])
def test_no_line_misses_scores_that_all_lie_beyond_the_window(monitors: Callable[[], Monitor]) -> None:
    found = delay(monitors, standard, far, lines=9, calm=600, patience=60)
    assert found.missed == 0
