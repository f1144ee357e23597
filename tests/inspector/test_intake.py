"""Laws of the intake: back-pressure holds, and ends the moment that there is room."""

import asyncio
from typing import Any

from service.inspection.breaker import BreakerRules
from service.settings import InspectorSettings
from service.stream.base import Record
from workers.inspector.breakers import Breakers
from workers.inspector.flow import Flow
from workers.inspector.intake import Intake

POLL_SECONDS = 0.2


class Topic:
    """A group member with nothing to give, which as the real one keeps a poll for no partition waiting."""

    generation, assignment = 1, frozenset({0})

    def __init__(self) -> None:
        self.polls: list[frozenset[int]] = []
        self._paused: frozenset[int] = frozenset()

    def pause(self, partitions: Any) -> None:
        self._paused = frozenset(partitions)

    def resume(self, partitions: Any) -> None:
        pass

    async def poll(self, *, timeout_ms: int, max_records: int) -> tuple[Record, ...]:
        self.polls.append(self.assignment - self._paused)
        await asyncio.sleep(timeout_ms / 1000)
        return ()


async def test_a_frame_that_leaves_makes_room_for_the_next_poll_at_once() -> None:
    flow, member, nothing = Flow(max_frames=1, max_pixels=100, max_uncommitted=10), Topic(), Any
    flow.begin({0: 0}, 1)
    frame = Record("frames", 0, 0, 0, b"line1", b"")
    flow.fetched(frame)
    flow.spend(frame, 10)
    stub: Any = nothing
    intake = Intake(
        member,  # type: ignore[arg-type]
        stub,
        InspectorSettings(),
        stub,
        Breakers(BreakerRules()),
        stub,
        flow,
        stub,
        stub,
        asyncio.Lock(),
    )
    stop = asyncio.Event()
    running = asyncio.create_task(intake.run(stop))
    await asyncio.sleep(POLL_SECONDS / 4)
    assert not member.polls
    flow.left(frame, 1, 10, published=True)
    await asyncio.sleep(POLL_SECONDS / 4)
    stop.set()
    await running
    assert member.polls == [frozenset({0})]
