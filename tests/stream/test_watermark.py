"""The laws of the watermark, in whatever order frames finish."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.stream.watermark import Watermark

# Offsets of a log with holes in it, ascending.
OFFSETS = st.lists(st.integers(0, 200), min_size=1, max_size=40, unique=True).map(sorted)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    offsets = draw(OFFSETS)
    return offsets, draw(st.permutations(offsets))


def tracked(offsets: list[int]) -> Watermark:
    watermark = Watermark(offsets[0])
    for offset in offsets:
        watermark.fetched(offset)
    return watermark


@given(histories())
def test_never_passes_an_unfinished_offset(history: tuple[list[int], list[int]]) -> None:
    offsets, order = history
    watermark = tracked(offsets)
    unfinished = set(offsets)
    for offset in order:
        assert watermark.position == min(unfinished)
        assert watermark.finished(offset)
        unfinished.remove(offset)
        assert watermark.pending == len(unfinished)
    assert watermark.position == offsets[-1] + 1
    assert watermark.ahead == 0


@given(st.data())
def test_only_grows_however_fetching_and_finishing_mix(data: st.DataObject) -> None:
    watermark = Watermark(0)
    coming, pending, last = data.draw(OFFSETS), list[int](), 0
    while coming or pending:
        if coming and (not pending or data.draw(st.booleans())):
            watermark.fetched(coming[0])
            pending.append(coming.pop(0))
        else:
            watermark.finished(pending.pop(data.draw(st.integers(0, len(pending) - 1))))
        assert watermark.position >= last
        last = watermark.position


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_finishing_ends_at_the_same_place(
    history: tuple[list[int], list[int]], random: Random
) -> None:
    offsets, order = history
    first, second = tracked(offsets), tracked(offsets)
    finished = order[: random.randint(0, len(order))]
    for offset in finished:
        first.finished(offset)
    for offset in sorted(finished):
        second.finished(offset)
    assert (first.position, first.pending, first.ahead) == (second.position, second.pending, second.ahead)


def test_begins_where_it_is_started() -> None:
    assert Watermark(7).position == 7


def test_hole_in_the_log_is_passed_with_the_frame_before_it() -> None:
    watermark = tracked([3, 9])
    watermark.finished(3)
    assert watermark.position == 9
    watermark.finished(9)
    assert watermark.position == 10


def test_finishing_twice_or_after_a_start_changes_nothing() -> None:
    watermark = tracked([1, 2])
    assert watermark.finished(1)
    assert not watermark.finished(1)
    watermark.start(5)
    assert not watermark.finished(2)
    assert (watermark.position, watermark.pending) == (5, 0)


def test_frame_fetched_out_of_order_is_refused() -> None:
    watermark = tracked([1, 2])
    with pytest.raises(ValueError, match="offset 2 was fetched after 2"):
        watermark.fetched(2)
