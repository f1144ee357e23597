"""How late an event loop is: what holds it up holds up heartbeats as well."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from service.telemetry import metrics

LOOK_SECONDS = 0.1


@contextlib.asynccontextmanager
async def watched_loop() -> AsyncIterator[None]:
    """Measure the running loop while the block runs, ten times a second."""
    task = asyncio.create_task(_watch(), name="loop lag")
    try:
        yield
    finally:
        task.cancel()


async def _watch() -> None:
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + LOOK_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
        metrics.LOOP_LAG.observe(max(clock() - due, 0.0))
