"""Waiting for a folder to change: the kernel tells where it can, and the clock where it cannot."""

import asyncio
import contextlib
from pathlib import Path


async def changed(folder: Path, seconds: float, stop: asyncio.Event) -> None:
    """Return once something in the folder changes, after ``seconds`` at the latest, or at ``stop``. Network
    file systems tell of nothing, so a look is never further away than that."""
    try:
        from watchfiles import awatch
    except ImportError:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stop.wait()
        return
    milliseconds = max(1, int(seconds * 1000))
    watching = awatch(
        folder,
        stop_event=stop,
        recursive=False,
        debounce=50,
        step=10,
        rust_timeout=milliseconds,
        yield_on_timeout=True,
    )
    with contextlib.suppress(OSError, RuntimeError):
        # A folder that is gone is told of by whoever looks into it.
        async for _ in watching:
            return
