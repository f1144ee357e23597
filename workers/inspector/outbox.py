"""The outbox: parcels in the order in which they were made, those that are due together as one."""

import asyncio
from collections import deque

from workers.inspector.parcel import Outcomes, Parcel


class Outbox:
    """Used from one event loop, emptied by one task.

    Effects cost round trips, to the store and to the broker, however many frames they are of. So the batches
    that became ready while the last ones were on their way are handed out together, ``most`` frames or one
    parcel at most. No parcel waits for another, and none overtakes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[Parcel] = deque()
        self._came = asyncio.Event()

    def put(self, parcel: Parcel) -> None:
        """Add the newest."""
        self._waiting.append(parcel)
        self._came.set()

    async def next(self) -> Parcel:
        """Wait for the oldest until it is known what to publish, and take it, with those behind it."""
        while not self._waiting:
            self._came.clear()
            await self._came.wait()
        await self._waiting[0].ready()
        first = self._waiting.popleft()
        return self._with_those_behind(first) if isinstance(first, Outcomes) else first

    def _with_those_behind(self, first: Outcomes) -> Outcomes:
        together, frames = [first], len(first.entries)
        while self._waiting and (follower := self._fit(first, frames)) is not None:
            self._waiting.popleft()
            together.append(follower)
            frames += len(follower.entries)
        return Outcomes.joined(together)

    def _fit(self, first: Outcomes, frames: int) -> Outcomes | None:
        follower = self._waiting[0]
        if not isinstance(follower, Outcomes) or not follower.known:
            return None
        fits = frames + len(follower.entries) <= self._most
        return follower if fits and follower.generation == first.generation else None
