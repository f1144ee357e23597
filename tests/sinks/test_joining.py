"""Laws of the join: one decision a part, good only when every view came in time and is good."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sinks.joining import Joined, PartJoin, Seen

VIEWS = ("above", "left", "right")
EVENTS = st.lists(
    st.tuples(st.sampled_from(["p1", "p2"]), st.sampled_from(VIEWS), st.booleans(), st.floats(0, 3)),
    max_size=30,
)
Event = tuple[str, str, bool, float]


def run(events: list[Event]) -> tuple[list[Joined[int]], int]:
    """Every decision of a run whose clock moves by each event's last number; how many views came too late."""
    join, now, decided, late = PartJoin[int](frozenset(VIEWS), 2.0), 0.0, list[Joined[int]](), 0
    for number, (part, view, good, wait) in enumerate(events):
        now += wait
        decided += join.due(now)
        if join.takes_late(part, view):
            late += 1
            continue
        joined = join.add(part, Seen(view, good, number), now)
        if joined is not None:
            decided.append(joined)
    decided += join.due(now + 2.0)
    assert join.waiting == 0
    return decided, late


@given(EVENTS)
def test_every_view_is_in_exactly_one_part_or_too_late(events: list[Event]) -> None:
    decided, late = run(events)
    tokens = Counter(seen.token for joined in decided for seen in joined.seen)
    assert set(tokens.values()) <= {1}
    assert len(tokens) + late == len(events)


@given(EVENTS)
def test_a_part_is_good_exactly_when_all_views_came_and_all_are_good(events: list[Event]) -> None:
    for joined in run(events)[0]:
        came = {seen.view for seen in joined.seen}
        assert joined.missing == set(VIEWS) - came
        assert joined.good == (came == set(VIEWS) and all(seen.good for seen in joined.seen))


@given(st.permutations(VIEWS), st.sets(st.sampled_from(VIEWS)))
def test_the_order_of_the_views_changes_nothing(order: list[str], bad: set[str]) -> None:
    decided, _ = run([("p1", view, view not in bad, 0.1) for view in order])
    assert [(joined.good, joined.missing) for joined in decided] == [(not bad, frozenset())]


def test_a_missing_view_makes_the_part_not_good_at_its_deadline_and_not_before() -> None:
    join = PartJoin[str](frozenset(["left", "right"]), 2.0)
    assert join.add("p1", Seen("left", True, "x"), 10.0) is None
    assert join.next_due() == 12.0
    assert list(join.due(11.9)) == []
    assert [(part.good, part.missing) for part in join.due(12.0)] == [(False, frozenset(["right"]))]


def test_a_view_that_comes_too_late_makes_no_second_part_and_the_next_round_does() -> None:
    join = PartJoin[str](frozenset(["left", "right"]), 1.0)
    join.add("p1", Seen("left", True, "x"), 0.0)
    assert len(list(join.due(1.0))) == 1
    assert join.takes_late("p1", "right")
    assert not join.takes_late("p1", "right")
    assert not join.takes_late("p1", "left")


def test_a_view_that_the_join_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="'below' is none of"):
        PartJoin[str](frozenset(VIEWS), 1.0).add("p1", Seen("below", True, "x"), 0.0)
