"""Laws of the breaker."""

from hypothesis import given
from hypothesis import strategies as st

from service.inspection.breaker import Breaker, BreakerRules, Passage

RULES = BreakerRules(run=5, window=20, ratio=0.5, probe_every=4, close_after=3)


def passages(breaker: Breaker, frames: list[bool]) -> list[Passage]:
    """Frames that are known good or bad, each concluded before the next comes."""
    seen = []
    for good in frames:
        seen.append(breaker.admit())
        breaker.came(seen[-1], good=good)
    return seen


@given(st.lists(st.booleans()))
def test_only_an_open_breaker_refuses_and_a_closed_one_lets_all_through(frames: list[bool]) -> None:
    breaker = Breaker(RULES)
    for good in frames:
        was_open = breaker.open
        passage = breaker.admit()
        assert (passage is Passage.THROUGH) == (not was_open)
        breaker.came(passage, good=good)


@given(st.lists(st.booleans(), max_size=19))
def test_it_opens_only_after_a_run_where_the_window_is_not_full(frames: list[bool]) -> None:
    breaker, run = Breaker(RULES), 0
    for good in frames:
        if breaker.open:
            break
        run = 0 if good else run + 1
        assert breaker.came(breaker.admit(), good=good) == breaker.open == (run >= RULES.run)


@given(st.lists(st.booleans()))
def test_it_closes_only_after_good_probes_in_a_row(frames: list[bool]) -> None:
    breaker, good_in_a_row = Breaker(RULES), 0
    passages(breaker, [False] * RULES.run)
    for good in frames:
        if not breaker.open:
            break
        passage = breaker.admit()
        if passage is Passage.PROBE:
            good_in_a_row = good_in_a_row + 1 if good else 0
        breaker.came(passage, good=good)
        assert breaker.open == (good_in_a_row < RULES.close_after)


def test_a_share_of_bad_frames_opens_it_without_a_run() -> None:
    breaker = Breaker(RULES)
    assert set(passages(breaker, [False, True] * 10)) == {Passage.THROUGH}
    assert breaker.open


@given(st.integers(0, 200))
def test_an_open_breaker_probes_a_fixed_share_of_bad_frames(count: int) -> None:
    breaker = Breaker(RULES)
    passages(breaker, [False] * RULES.run)
    assert passages(breaker, [False] * count).count(Passage.PROBE) == count // RULES.probe_every


@given(st.integers(1, 10))
def test_a_mended_line_is_judged_again_after_a_bounded_number_of_frames(bad: int) -> None:
    breaker = Breaker(RULES)
    passages(breaker, [False] * (RULES.run + bad))
    passages(breaker, [True] * (RULES.probe_every + RULES.close_after - 1))
    assert not breaker.open


def test_what_was_under_way_when_it_opened_tells_nothing() -> None:
    breaker = Breaker(RULES)
    passages(breaker, [False] * RULES.run)
    for _ in range(10):
        assert not breaker.came(Passage.THROUGH, good=True)
    assert breaker.open


def test_a_heavy_frame_counts_for_many() -> None:
    breaker = Breaker(RULES)
    assert breaker.came(breaker.admit(), good=False, weight=RULES.run)
