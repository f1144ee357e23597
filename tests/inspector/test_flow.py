"""Laws of the flow: what is in flight is bounded, and a burst on one partition keeps no other out."""

import asyncio
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.stream.base import Record
from workers.inspector.flow import RESERVED, Flow

MOST = 64
OFFSETS = count()


def flow_of(partitions: int) -> Flow:
    made = Flow(max_frames=MOST, max_pixels=10**9, max_uncommitted=10**6)
    made.begin(dict.fromkeys(range(partitions), 0), 1)
    return made


def record(partition: int, offset: int) -> Record:
    return Record("frames", partition, offset, 0, b"line", b"")


def poll(flow: Flow, waiting: dict[int, int], taken: list[Record]) -> None:
    """As many frames as may be fetched, of the busiest partition first: the worst that a client does."""
    free = frozenset(waiting) - flow.held(frozenset(waiting))
    left = flow.wanted
    for partition in sorted(free, key=lambda each: -waiting[each]):
        for _ in range(min(left, waiting[partition])):
            fetched = record(partition, next(OFFSETS))
            flow.fetched(fetched)
            flow.spend(fetched, 1)
            taken.append(fetched)
            waiting[partition] -= 1
            left -= 1


@given(burst=st.integers(MOST, 5000), partitions=st.integers(2, 30), leaving=st.integers(0, MOST))
def test_a_frame_of_a_quiet_partition_is_taken_in_at_the_next_poll_whatever_bursts_on_another(
    burst: int, partitions: int, leaving: int
) -> None:
    flow, waiting, taken = (
        flow_of(partitions),
        dict.fromkeys(range(partitions), 0) | {0: burst},
        list[Record](),
    )
    for _ in range(20):
        poll(flow, waiting, taken)
    for done in taken[:leaving]:
        flow.left(done, 1, 1, published=True)
    poll(flow, waiting, taken)
    assert flow.room > 0
    waiting[1] += 1
    poll(flow, waiting, taken)
    poll(flow, waiting, taken)
    assert waiting[1] == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 200), st.integers(0, MOST)), max_size=30))
def test_no_more_are_in_flight_than_may_be_and_something_is_fetched_while_there_is_room(
    steps: list[tuple[int, int, int]],
) -> None:
    flow, waiting, flying = flow_of(6), dict.fromkeys(range(6), 0), list[Record]()
    for partition, came, leaving in steps:
        waiting[partition] += came
        poll(flow, waiting, flying)
        assert len(flying) <= MOST
        for done in flying[:leaving]:
            flow.left(done, 1, 1, published=True)
        del flying[:leaving]
    while any(waiting.values()):
        for done in flying:
            flow.left(done, 1, 1, published=True)
        flying.clear()
        before = sum(waiting.values())
        poll(flow, waiting, flying)
        assert sum(waiting.values()) < before


@given(burst=st.integers(MOST, 500))
def test_one_partition_alone_has_all_the_room(burst: int) -> None:
    flow, waiting, taken = flow_of(1), {0: burst}, list[Record]()
    for _ in range(RESERVED):
        poll(flow, waiting, taken)
    assert len(taken) == MOST
    assert flow.held(frozenset({0})) == {0}


@pytest.mark.parametrize("steps", range(4))
async def test_who_waits_for_a_change_and_is_told_to_stop_as_it_comes_stops(steps: int) -> None:
    flow = flow_of(1)
    taken = record(0, 0)
    flow.fetched(taken)
    flow.spend(taken, 1)
    waiting = asyncio.create_task(flow.change(60))
    await asyncio.sleep(0.01)
    flow.left(taken, 1, 1, published=True)
    # The news is some steps of the loop on its way to whoever waits.
    for _ in range(steps):
        await asyncio.sleep(0)
    told = waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled() == told
