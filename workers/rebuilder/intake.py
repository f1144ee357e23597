"""From the commands topic to the lines' queues; an offset is committed after its result is in the log."""

import asyncio
import time
from collections.abc import Sequence

import structlog

from service.stream.base import Member, Record, StreamError
from service.stream.watermark import Watermark
from service.telemetry import metrics
from workers.rebuilder.door import Door
from workers.rebuilder.job import Job
from workers.rebuilder.journal import Journal
from workers.rebuilder.lines import CarryOut, Lines

MAX_WAITING = 512
POLL_MS = 200
POLL_RECORDS = 64
DRAIN_SECONDS = 15.0
_log = structlog.get_logger()


class Intake:
    """Polls until told to stop. After a rebalance, what is not begun is forgotten, and results that others
    wrote meanwhile are read before anything is begun."""

    def __init__(self, member: Member, journal: Journal, carry_out: CarryOut, door: Door) -> None:
        self._member, self._journal, self._door = member, journal, door
        self._lines = Lines(carry_out, self._finished)
        self._generation = -1
        self._watermarks: dict[int, Watermark] = {}
        self._committed: dict[int, int] = {}
        self._paused = False

    async def run(self, stop: asyncio.Event) -> None:
        """Returns after ``stop``, with what was begun finished or abandoned. Raises ``StreamError``."""
        patience = 0.0
        try:
            while not stop.is_set():
                records = await self._member.poll(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
                if self._member.generation != self._generation:
                    await self._reassigned()
                self._take(records)
                await self._door.tell()
                self._lines.raise_failure()
                self._press()
                await self._commit()
            patience = DRAIN_SECONDS
        finally:
            await self._lines.close(patience)
        await self._commit()

    async def _reassigned(self) -> None:
        self._generation = self._member.generation
        self._lines.forget()
        self._watermarks.clear()
        self._committed.clear()
        await self._journal.read_to_end()

    def _take(self, records: Sequence[Record]) -> None:
        for record in records:
            watermark = self._watermarks.setdefault(record.partition, Watermark(record.offset))
            watermark.fetched(record.offset)
            if not self._door.admits(record):
                watermark.finished(record.offset)
                continue
            try:
                job = Job.of(record, self._generation, time.monotonic())
            except ValueError as error:
                metrics.COMMANDS.labels(kind="unknown", outcome="unreadable").inc()
                cause = " ".join(str(error).split())[:300]
                _log.warning("command passed over: unreadable", offset=record.offset, cause=cause)
                watermark.finished(record.offset)
            else:
                self._lines.put(job)

    def _press(self) -> None:
        """Take no more than can be held; polling goes on, or the group would drop us."""
        if self._lines.waiting > MAX_WAITING:
            self._member.pause(self._member.assignment)
            self._paused = True
        elif self._paused and self._lines.waiting < MAX_WAITING // 2:
            self._member.resume(self._member.assignment)
            self._paused = False

    def _finished(self, job: Job) -> None:
        if job.generation == self._generation and job.partition in self._watermarks:
            self._watermarks[job.partition].finished(job.offset)

    async def _commit(self) -> None:
        positions = {partition: mark.position for partition, mark in self._watermarks.items()}
        news = {p: offset for p, offset in positions.items() if offset != self._committed.get(p)}
        if not news:
            return
        try:
            if await self._member.commit(news, generation=self._generation):
                self._committed = positions
            else:
                metrics.REFUSED_COMMITS.inc()
        except StreamError as error:
            _log.warning("commit not acknowledged; tried again", cause=str(error))
