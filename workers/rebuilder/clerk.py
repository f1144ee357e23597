"""The clerk: gives each command to who carries it out, and tries again when broker or store fail."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog

from schemas.command import (
    Activate,
    ApproveGood,
    MarkUnsure,
    Rebuild,
    RemovePart,
    Rollback,
    SetFalseAlarmRate,
    SetMaintenance,
    TrainLine,
)
from service.banks.source import BankUnavailable
from service.store import StoreError
from service.stream.base import StreamError
from service.telemetry import metrics
from workers.rebuilder.approval import Approvals
from workers.rebuilder.canaries import CanaryKeeper
from workers.rebuilder.job import Job
from workers.rebuilder.journal import Journal
from workers.rebuilder.maintenance import MaintenanceDesk
from workers.rebuilder.rebuilds import Rebuilds
from workers.rebuilder.repointing import Repointer
from workers.rebuilder.results import Results
from workers.rebuilder.trainings import Trainings

OUTAGES = (StoreError, StreamError, BankUnavailable)
_LONGEST_PAUSE = 15.0
_log = structlog.get_logger()


class Clerk:
    """Carries out the commands of lines; any number of lines at once, one group of a line at a time."""

    def __init__(
        self,
        journal: Journal,
        results: Results,
        approvals: Approvals,
        rebuilds: Rebuilds,
        repointer: Repointer,
        canaries: CanaryKeeper,
        maintenance: MaintenanceDesk,
        trainings: Trainings,
    ) -> None:
        self._journal, self._results = journal, results
        self._approvals, self._rebuilds = approvals, rebuilds
        self._repointer, self._canaries = repointer, canaries
        self._maintenance, self._trainings = maintenance, trainings

    async def carry_out(self, line: str, jobs: Sequence[Job]) -> None:
        """Returns once each of the jobs has its result in the log. Jobs given together are all approvals, or
        there is one. An outage is waited for."""
        todo = self._new(jobs)
        pause = 0.5
        while todo:
            try:
                await self._attempt(line, todo)
                return
            except OUTAGES as error:
                _log.warning("command waits", line=line, cause=str(error), seconds=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            todo = self._left(todo)

    def _new(self, jobs: Sequence[Job]) -> list[Job]:
        """Each command once, and none that has its result."""
        once: dict[UUID, Job] = {}
        for job in jobs:
            name = job.command.command_id
            if name in once or self._journal.finished(name):
                metrics.COMMANDS.labels(kind=job.command.kind, outcome="repeated").inc()
            else:
                once[name] = job
        return list(once.values())

    def _left(self, jobs: Sequence[Job]) -> list[Job]:
        return [job for job in jobs if not self._journal.finished(job.command.command_id)]

    async def _attempt(self, line: str, jobs: Sequence[Job]) -> None:
        try:
            await self._dispatch(line, jobs)
        except OUTAGES:
            raise
        except Exception as error:  # noqa: BLE001 - one command must not stop every line for ever
            _log.exception("command failed", line=line, command=str(jobs[0].command.command_id))
            await self._refuse(jobs, f"the rebuilder failed ({type(error).__name__}): see its log")

    async def _dispatch(self, line: str, jobs: Sequence[Job]) -> None:
        command = jobs[0].command
        if isinstance(command, ApproveGood):
            await self._approvals.carry_out(line, jobs)
        elif isinstance(command, Rebuild | RemovePart):
            await self._rebuilds.carry_out(jobs[0], command)
        elif isinstance(command, Rollback | Activate | SetFalseAlarmRate):
            await self._repointer.carry_out(jobs[0], command)
        elif isinstance(command, SetMaintenance):
            await self._maintenance.carry_out(jobs[0], command)
        elif isinstance(command, MarkUnsure):
            await self._note(jobs[0], command)
        elif isinstance(command, TrainLine):
            await self._trainings.carry_out(jobs[0], command)
        else:
            await self._canaries.carry_out(jobs[0], command)

    async def _note(self, job: Job, command: MarkUnsure) -> None:
        told = "is open again" if command.withdrawn else "was looked at, and nobody could say"
        sentence = f"frame {command.frame.frame_id} {told}: the bank is as it was"
        await self._results.told(job, sentence, {"frames": (command.frame,)})

    async def _refuse(self, jobs: Sequence[Job], sentence: str) -> None:
        for job in self._left(jobs):
            await self._results.refused(job, sentence)
