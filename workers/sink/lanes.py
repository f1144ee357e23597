"""Lanes: the reports of one line one after the other, each until the counterpart accepts it or it is set
aside. Lines do not wait for each other."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import stamina
import structlog

from schemas.report import Report
from service.runtime.ending import end
from service.sinks.base import ReportRefused, Sink, SinkUnavailable
from service.store import StoreError
from service.telemetry import metrics

_log = structlog.get_logger()
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0
# Ends a report that is not accepted: takes the report and the sentence why. Raises ``StoreError``.
SetAside = Callable[[Report, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Errand:
    """A report to tell, and what to do once it is told."""

    report: Report
    done: Callable[[], None]


class Lanes:
    """Used from one event loop."""

    def __init__(self, name: str, sink: Sink, set_aside: SetAside, give_up_seconds: float | None) -> None:
        self._name, self._sink, self._set_aside = name, sink, set_aside
        self._give_up = give_up_seconds
        self._queues: dict[str, asyncio.Queue[Errand]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._troubled: dict[str, str] = {}
        self._stuck: dict[str, str] = {}
        self._waiting = 0
        metrics.SINK_UP.labels(sink=name).set(1)

    @property
    def waiting(self) -> int:
        """Reports that are not accepted yet."""
        return self._waiting

    def complaint(self) -> str | None:
        """What the counterpart, or the object store, does not do, for the readiness probe; None while both
        do."""
        return next(iter((*self._stuck.values(), *self._troubled.values())), None)

    def tell(self, errand: Errand) -> None:
        """Queue it behind what its line has."""
        line = errand.report.line
        if line not in self._tasks:
            self._queues[line] = asyncio.Queue()
            self._tasks[line] = asyncio.create_task(self._run(line), name=f"lane {line}")
        self._queues[line].put_nowait(errand)
        self._count(+1)

    def failure(self) -> BaseException | None:
        """What ended a lane that should not have ended."""
        ended = (task for task in self._tasks.values() if task.done() and not task.cancelled())
        return next((task.exception() for task in ended), None)

    async def clear(self) -> None:
        """Drop what waits and let go of what is under way: it comes again, perhaps elsewhere."""
        await end(self._tasks.values())
        self._queues.clear()
        self._tasks.clear()
        self._troubled.clear()
        self._stuck.clear()
        self._count(-self._waiting)
        metrics.SINK_UP.labels(sink=self._name).set(1)

    async def _run(self, line: str) -> None:
        while True:
            errand = await self._queues[line].get()
            await self._conclude(line, errand.report)
            errand.done()
            self._count(-1)

    async def _conclude(self, line: str, report: Report) -> None:
        try:
            await self._insist(line, report)
            outcome = "accepted"
        except ReportRefused as error:
            outcome = "refused"
            await self._put_aside(line, report, str(error))
        except SinkUnavailable as error:
            outcome = "given-up"
            await self._put_aside(line, report, str(error))
        metrics.SINK_REPORTS.labels(sink=self._name, outcome=outcome).inc()

    async def _put_aside(self, line: str, report: Report, reason: str) -> None:
        """Until the store has it, and the line waits meanwhile: a report is told, or kept, never dropped."""
        async for attempt in stamina.retry_context(
            on=StoreError,
            attempts=None,
            timeout=None,
            wait_initial=FIRST_PAUSE,
            wait_max=LONGEST_PAUSE,
            wait_jitter=FIRST_PAUSE,
        ):
            with attempt:
                try:
                    await self._set_aside(report, reason)
                except StoreError as error:
                    if line not in self._stuck:
                        _log.warning("report not set aside yet; tried again", line=line, cause=str(error))
                    self._stuck[line] = str(error)
                    raise
        self._stuck.pop(line, None)
        _log.warning("report set aside", line=line, report=str(report.report_id), cause=reason)

    async def _insist(self, line: str, report: Report) -> None:
        async for attempt in stamina.retry_context(
            on=SinkUnavailable,
            attempts=None,
            timeout=self._give_up,
            wait_initial=FIRST_PAUSE,
            wait_max=LONGEST_PAUSE,
            wait_jitter=FIRST_PAUSE,
        ):
            with attempt:
                await self._once(line, report)

    async def _once(self, line: str, report: Report) -> None:
        try:
            await self._sink.deliver(report)
        except SinkUnavailable as error:
            if line not in self._troubled:
                _log.warning("counterpart does not accept; told again", line=line, cause=str(error))
            self._trouble(line, str(error))
            raise
        if self._troubled.pop(line, None) is not None:
            _log.info("counterpart accepts again", line=line)
        metrics.SINK_UP.labels(sink=self._name).set(not self._troubled)

    def _trouble(self, line: str, sentence: str) -> None:
        self._troubled[line] = sentence
        metrics.SINK_UP.labels(sink=self._name).set(0)

    def _count(self, change: int) -> None:
        self._waiting += change
        metrics.SINK_WAITING.labels(sink=self._name).set(self._waiting)
