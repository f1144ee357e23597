"""The desk: jobs wait here for their turn in a batch, or aside until their line's bank is loaded."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from service.stream.batcher import Batcher
from workers.inspector.job import Job


class Banks(Protocol):
    """What is needed of a ``Keeper``; see there."""

    def claim(self, line: str) -> bool: ...
    def hold(self, line: str) -> None: ...
    def let_go(self, line: str) -> None: ...


class Desk:
    """Used from one event loop. A line's bank is held from the moment that a job of it is in line for a batch
    until that job is ``done``."""

    def __init__(self, batcher: Batcher[Job], banks: Banks) -> None:
        self._batcher = batcher
        self._banks = banks
        self._aside: dict[str, list[Job]] = defaultdict(list)
        self._arrived = asyncio.Event()

    def admit(self, job: Job) -> None:
        """Let the job wait for its turn, or aside when its line's bank is not here yet."""
        if self._banks.claim(job.line):
            self._banks.hold(job.line)
            self._batcher.add(job, job.line, job.pixels)
            self._arrived.set()
        else:
            self._aside[job.line].append(job)

    def line_ready(self, line: str) -> None:
        """The line's bank is here: its jobs take their turns, in their order."""
        for job in self._aside.pop(line, []):
            self.admit(job)

    def clear(self) -> list[Job]:
        """Take out every job, such as after a rebalance."""
        jobs = self._batcher.discard(lambda _: True)
        self.done(jobs)
        for waiting in self._aside.values():
            jobs += waiting
        self._aside.clear()
        return jobs

    def done(self, jobs: Iterable[Job]) -> None:
        """These jobs of a batch need their banks no longer."""
        for job in jobs:
            self._banks.let_go(job.line)

    async def next_batch(self) -> list[Job]:
        """Wait for the next batch that is due."""
        while True:
            batch = self._batcher.take(time.monotonic())
            if batch is not None:
                return batch
            await self._wait()

    async def _wait(self) -> None:
        self._arrived.clear()
        due = self._batcher.next_deadline()
        timeout = None if due is None else max(due - time.monotonic(), 0)
        try:
            async with asyncio.timeout(timeout):
                await self._arrived.wait()
        except TimeoutError:
            return
