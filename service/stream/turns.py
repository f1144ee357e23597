"""Turns: who queued first for a place acts there first, and places do not wait for each other."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager


class Turns:
    """Queues by place. A lock would not do: it is taken when one arrives at it, in whatever order."""

    def __init__(self) -> None:
        self._last: dict[Hashable, asyncio.Future[None]] = {}

    def queue(self, place: Hashable) -> AbstractAsyncContextManager[None]:
        """Take the next turn at a place now; entering the context waits for it. It must be entered."""
        before = self._last.get(place)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last[place] = done
        return _turn(before, done)


@asynccontextmanager
async def _turn(before: asyncio.Future[None] | None, done: asyncio.Future[None]) -> AsyncIterator[None]:
    try:
        if before is not None and not before.done():
            await asyncio.wait({before})
        yield
    finally:
        # One that is cancelled while it queues lets nobody past those before it.
        if before is None or before.done():
            done.set_result(None)
        else:
            before.add_done_callback(lambda _: done.set_result(None))
