"""The owner's side: one trainer as a child on a leash, told of as it goes, ended when nobody wants it."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from service.embedded import leash
from service.settings import Settings
from workers.trainer.errand import Bench, Told

# A line of output is short; what is longer is none of ours.
LINE_BYTES = 2**16
END_SECONDS = 10.0
Training = Callable[[Bench], AsyncGenerator[Told, None]]
"""What an owner needs of a trainer: the walk over what it tells, which ends when the training has."""


class TrainerDied(Exception):
    """The trainer ended before it had said how; the sentence says with which code."""


class Trainer:
    """Starts trainers with the settings of its owner."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.model_dump_json(include={"engine", "inspector", "telemetry"})

    async def __call__(self, bench: Bench) -> AsyncGenerator[Told, None]:
        """Train in a process of its own; closing the walk ends it. Raises ``TrainerDied``."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", leash.__file__),
            *(sys.executable, "-m", "workers.trainer", str(bench.folder), self._settings),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
            start_new_session=True,
        )
        try:
            async for told in _said(process):
                yield told
                if told.step in ("built", "refused"):
                    return
            code = await process.wait()
            raise TrainerDied(
                f"the trainer ended with code {code}: its log says why; free memory, or use fewer parts"
            )
        finally:
            await _end(process)


async def _said(process: asyncio.subprocess.Process) -> AsyncIterator[Told]:
    assert process.stdout is not None  # noqa: S101 - asked for above
    while line := await process.stdout.readline():
        with contextlib.suppress(ValueError):
            yield Told.model_validate_json(line)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
