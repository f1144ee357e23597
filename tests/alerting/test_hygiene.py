"""Hygiene: people are told once, then of what is worse or goes on; nothing is ever lost from the count."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from service.alerting import Hold, Hygiene, HygienePolicy, Ring

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
POLICY = HygienePolicy(group_seconds=60, cooldown_seconds=300)
SPACE = UUID(int=7)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def ring(seconds: float, *, defect: bool = True, line: str = "a") -> Ring:
    name = uuid5(SPACE, f"{line} {seconds}")
    return Ring(line, name, name, defect, at(seconds))


def snoozed(since: float, until: float) -> LineEvent:
    kind = LineEventKind.SNOOZED
    return LineEvent(kind=kind, line="a", sentence="lunch", actor="eve", until=at(until), at=at(since))


def closed(group: UUID, seconds: float) -> LineEvent:
    kind = LineEventKind.ALERT_CLOSED
    return LineEvent(kind=kind, line="a", sentence="oil", actor="eve", alert_id=group, at=at(seconds))


def test_a_burst_is_told_once_and_counted_whole() -> None:
    hygiene = Hygiene(POLICY)
    holds = [hygiene.ring(ring(second)).hold for second in range(20)]
    assert holds == [Hold.FIRST] + [Hold.GROUPED] * 19
    [group] = hygiene.groups("a")
    assert (group.count, group.held) == (20, 19)


def test_what_goes_on_is_told_again_after_the_cooldown_with_what_was_held() -> None:
    hygiene = Hygiene(POLICY)
    decisions = [hygiene.ring(ring(second)) for second in range(0, 400, 50)]
    assert [decision.tell for decision in decisions] == [True] + [False] * 5 + [True, False]
    assert (decisions[6].hold, decisions[6].held) == (Hold.STILL, 5)


def test_a_first_defect_among_reviews_is_told_at_once() -> None:
    hygiene = Hygiene(POLICY)
    holds = [hygiene.ring(ring(second, defect=second >= 2)).hold for second in range(4)]
    assert holds == [Hold.FIRST, Hold.GROUPED, Hold.WORSE, Hold.GROUPED]


def test_a_snoozed_line_is_quiet_until_its_end_and_goes_on_counting() -> None:
    hygiene = Hygiene(POLICY)
    hygiene.hear(snoozed(0, 100))
    assert [hygiene.ring(ring(second)).hold for second in (50, 99, 100)] == [
        *(Hold.SNOOZED, Hold.SNOOZED),
        Hold.STILL,
    ]
    assert hygiene.groups("a")[0].count == 3


def test_the_newest_word_on_a_snooze_counts() -> None:
    hygiene = Hygiene(POLICY)
    hygiene.hear(snoozed(0, 1000))
    hygiene.hear(snoozed(10, 10))
    assert hygiene.snooze("a", at(5)) is not None
    assert hygiene.snooze("a", at(20)) is None


def test_a_closed_group_takes_no_more_and_is_kept_with_its_reason() -> None:
    hygiene = Hygiene(POLICY)
    first = hygiene.ring(ring(0)).group
    hygiene.hear(closed(first.group_id, 10))
    hygiene.ring(ring(20))
    newer, older = hygiene.groups("a")
    assert (older.group_id, older.count) == (first.group_id, 1)
    assert older.closed is not None
    assert (older.closed.actor, older.closed.why) == ("eve", "oil")
    assert newer.closed is None


def test_an_alert_that_comes_twice_changes_nothing() -> None:
    hygiene = Hygiene(POLICY)
    first = hygiene.ring(ring(0)).group
    again = hygiene.ring(ring(0))
    assert (again.hold, again.tell, again.group) == (Hold.REPEATED, False, first)


def test_lines_do_not_disturb_each_other() -> None:
    hygiene = Hygiene(POLICY)
    hygiene.hear(snoozed(0, 1000))
    assert hygiene.ring(ring(1)).hold is Hold.SNOOZED
    assert hygiene.ring(ring(1, line="b")).hold is Hold.FIRST


@given(st.lists(st.tuples(st.integers(0, 2000), st.booleans()), unique_by=lambda pair: pair[0], max_size=60))
def test_every_alert_is_in_exactly_one_group_and_two_tellings_of_a_kind_keep_the_cooldown(
    made: list[tuple[int, bool]],
) -> None:
    hygiene = Hygiene(POLICY)
    told = []
    for second, defect in sorted(made):
        decision = hygiene.ring(ring(second, defect=defect))
        if decision.tell and decision.hold is not Hold.WORSE:
            told.append(second)
    assert sum(group.count for group in hygiene.groups("a")) == len(made)
    assert all(later - earlier >= 300 for earlier, later in pairwise(told))
