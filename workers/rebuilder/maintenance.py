"""Maintenance: what people say of when a line is not judged."""

from datetime import datetime, timedelta

from schemas.command import SetMaintenance
from schemas.maintenance import MaintenanceWindow
from workers.rebuilder.in_force import InForce
from workers.rebuilder.job import CommandRefused, Job
from workers.rebuilder.journal import Journal
from workers.rebuilder.results import Results

LONGEST = timedelta(days=31)


class MaintenanceDesk:
    """Carries out ``SetMaintenance``. A window is in force from the event that says so on: every inspector
    reads it there."""

    def __init__(self, in_force: InForce, journal: Journal, results: Results) -> None:
        self._in_force, self._journal, self._results = in_force, journal, results

    async def carry_out(self, job: Job, command: SetMaintenance) -> None:
        """Returns once the command has its result in the log. Raises ``StreamError``: calling it again is
        safe."""
        await self._journal.read_to_end()
        try:
            window = await self._window(command)
        except CommandRefused as refused:
            await self._results.refused(job, str(refused))
        else:
            await self._results.told(job, _sentence(window), {"maintenance": window})

    async def _window(self, command: SetMaintenance) -> MaintenanceWindow:
        standing = await self._in_force.standing(command.line)
        if not standing.history:
            raise CommandRefused(
                f"line {command.line} has no bank yet, so nothing is judged there: train one"
            )
        # What was judged stays judged: a window reaches back no further than to when it was asked for.
        start = max(command.start, command.issued_at)
        _refuse_spans(start, command, self._journal.now())
        if command.off and not self._journal.annals.calendar.spans(command.line, start):
            raise CommandRefused(f"line {command.line} has no maintenance after {_said(start)} to end")
        return MaintenanceWindow(start=start, end=command.end, off=command.off, why=command.why)


def _refuse_spans(start: datetime, command: SetMaintenance, now: datetime) -> None:
    end = command.end
    if end is None:
        if command.off:
            return
        raise CommandRefused("the maintenance has no end: state one, it can be ended sooner or moved")
    if end <= start:
        raise CommandRefused(
            f"the window ends at {_said(end)}, before it begins at {_said(start)}: correct it"
        )
    if end <= now:
        raise CommandRefused(f"the window was over at {_said(end)}: state one that is not")
    if not command.off and end - start > LONGEST:
        raise CommandRefused(
            f"the window is longer than {LONGEST.days} days: state a shorter one, it can be moved later"
        )


def _sentence(window: MaintenanceWindow) -> str:
    until = "" if window.end is None else f" until {_said(window.end)}"
    if window.off:
        return f"from {_said(window.start)}{until} parts are judged: the maintenance is ended"
    return f"from {_said(window.start)}{until} no part is judged: each frame is a fault, for maintenance"


def _said(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
