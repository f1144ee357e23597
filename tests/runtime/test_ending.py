"""Tasks end when they are told to, whatever their libraries swallow."""

import asyncio
import contextlib

from service.runtime.ending import end


async def swallowing(times: int) -> None:
    """As ``asyncio.wait_for`` of Python 3.11 does when what it waits for is there at that moment."""
    for _ in range(times):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
    await asyncio.sleep(3600)


async def failing() -> None:
    try:
        await asyncio.sleep(3600)
    finally:
        raise OSError("broken")


async def test_tasks_that_swallow_a_cancellation_end() -> None:
    tasks = [asyncio.create_task(swallowing(times)) for times in (0, 1, 2)]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await end(tasks)
    assert all(task.cancelled() for task in tasks)


async def test_what_came_of_a_task_stays_with_it() -> None:
    tasks = [asyncio.create_task(failing()), asyncio.create_task(asyncio.sleep(0, "done"))]
    await asyncio.sleep(0.01)
    await end(tasks)
    assert isinstance(tasks[0].exception(), OSError)
    assert tasks[1].result() == "done"


async def test_no_tasks_are_no_wait() -> None:
    await end([])
