"""The room for banks: within its budget, never at the cost of a line whose frames wait."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.inspector.bank_room import BankRoom

SIZES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 40), max_size=8)


def room_of(limit: int, sizes: dict[str, int], held: set[str] | None = None) -> BankRoom:
    room = BankRoom(limit)
    for line, size in sizes.items():
        room.keep(line, size)
    for line in held or ():
        room.hold(line)
    return room


def test_who_was_used_longest_ago_makes_way_first() -> None:
    room = room_of(30, {"a": 10, "b": 10, "c": 10})
    room.touch("a")
    assert room.victims("d", 10) == ["b"]
    assert room.victims("d", 15) == ["b", "c"]
    assert room_of(40, {"a": 10, "b": 10, "c": 10}).victims("d", 10) == []


def test_a_line_whose_frames_wait_is_never_let_go_of() -> None:
    room = room_of(20, {"a": 10, "b": 10}, held={"a"})
    assert room.victims("c", 10) == ["b"]
    room.hold("b")
    assert room.victims("c", 10) is None
    room.let_go("a")
    assert room.victims("c", 10) == ["a"]


def test_a_bank_above_the_budget_comes_in_alone_and_a_replaced_one_need_not_wait() -> None:
    assert room_of(20, {"a": 10, "b": 10}).victims("c", 50) == ["a", "b"]
    assert room_of(20, {"a": 10, "b": 10}, held={"a", "b"}).victims("a", 30) == []


@given(
    limit=st.integers(1, 100), sizes=SIZES, held=st.sets(st.sampled_from("abcdefgh")), size=st.integers(1, 40)
)
def test_what_makes_way_is_idle_and_the_budget_holds_where_it_can(
    limit: int, sizes: dict[str, int], held: set[str], size: int
) -> None:
    room = room_of(limit, sizes, held)
    victims = room.victims("new", size)
    if victims is None:
        assert held & sizes.keys()
        return
    assert not set(victims) & held
    after = room.used - sum(sizes[line] for line in victims) + size
    assert after <= limit or set(victims) == sizes.keys()
    # No more than needed: without the last of them it would not have fitted.
    assert not victims or after + sizes[victims[-1]] > limit


async def test_whoever_waits_for_room_is_woken_when_a_line_is_no_longer_held() -> None:
    room = room_of(10, {"a": 10}, held={"a"})
    waiting = asyncio.create_task(room.freed())
    await asyncio.sleep(0)
    room.let_go("a")
    await asyncio.wait_for(waiting, 1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(room.freed(), 0.01)
