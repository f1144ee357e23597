"""Ending tasks that somebody else's code runs in."""

import asyncio
from collections.abc import Iterable
from typing import Any

_AGAIN_SECONDS = 0.5


async def end(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel tasks until they have ended; what came of them stays with them. Once is not enough: of what a
    library waits for by ``asyncio.wait_for``, Python 3.11 swallows a cancellation where that is there at the
    same moment, and the task goes on."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_AGAIN_SECONDS)
