"""The results of commands, as events of their lines and as counts."""

from collections.abc import Mapping

import structlog

from schemas.activation import Activated
from schemas.reasons import LineEventKind
from service.telemetry import metrics
from workers.rebuilder.job import Job
from workers.rebuilder.journal import Journal, event_of

_log = structlog.get_logger()


class Results:
    """Each method waits for the event's acknowledgement and raises ``StreamError``; a repeated one harms
    nobody, for the first result of a command is the one that counts."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def joined(self, job: Job) -> frozenset[str]:
        """See ``Journal.joined``."""
        return self._journal.joined(job.command.command_id)

    async def done(
        self, job: Job, made: Activated, sentence: str, more: Mapping[str, object] | None = None
    ) -> None:
        """The command was carried out: ``made`` is what it put in force."""
        facts: dict[str, object] = {"model": made.model, "version": made.version, "epoch": made.epoch}
        await self._write(job, LineEventKind.COMMAND_DONE, sentence, {**facts, **(more or {})})
        self._count(job, "done", sentence)

    async def told(self, job: Job, sentence: str, facts: Mapping[str, object]) -> None:
        """The command was carried out and put nothing in force."""
        await self._write(job, LineEventKind.COMMAND_DONE, sentence, facts)
        self._count(job, "done", sentence)

    async def refused(self, job: Job, sentence: str, facts: Mapping[str, object] | None = None) -> None:
        """The command changed nothing."""
        await self._write(job, LineEventKind.COMMAND_REFUSED, sentence, facts or {})
        self._count(job, "refused", sentence)

    async def joins(self, job: Job, leader: Job, version: str) -> None:
        """The command's parts are in a bank that another command puts in force. Written before that, so that
        a program that ends in between leaves a trace by which the next knows it done."""
        sentence = f"its parts join those of command {leader.command.command_id} in one build"
        await self._write(job, LineEventKind.BUILD_PROGRESS, sentence, {"version": version})

    async def progress(self, job: Job, share: float, sentence: str, left: float | None = None) -> None:
        """A share of a step of the command's work is done; the rest takes so many seconds, where known."""
        facts = {"share_done": share, "seconds_left": left}
        await self._write(job, LineEventKind.BUILD_PROGRESS, sentence, facts)

    async def _write(self, job: Job, kind: LineEventKind, sentence: str, facts: Mapping[str, object]) -> None:
        event = event_of(job.command, kind, sentence, self._journal.now())
        await self._journal.write(event.model_copy(update=dict(facts)))

    def _count(self, job: Job, outcome: str, sentence: str) -> None:
        command = job.command
        metrics.COMMANDS.labels(kind=command.kind, outcome=outcome).inc()
        _log.info("command finished", outcome=outcome, line=command.line, kind=command.kind, told=sentence)
