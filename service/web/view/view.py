"""The view: what the page and the API ask of the stream, each answered off the event loop."""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from schemas.activation import Activated, Published
from schemas.command import AnyCommand
from schemas.line_event import LineEvent
from schemas.reasons import VerdictKind
from schemas.verdict import Verdict
from service.alerting import Hygiene, HygienePolicy, Ring
from service.annals.annals import Annals
from service.letters.letters import Letter
from service.web.shapes import CommandState, EpochPage, LineSummary, ScoredFrame, VerdictItem, VerdictPage
from service.web.view import (
    annals,
    answers,
    banks,
    events,
    letters,
    lines,
    outages,
    places,
    scores,
    story,
    verdicts,
)
from service.web.view.database import Database
from service.web.view.letters import LetterFilter
from service.web.view.places import Place
from service.web.view.verdicts import Cursor, Filter, Logged

REFUSALS = 50
# What the page starts with: so many alerts of the past are put into groups.
RINGS_REMEMBERED = 5_000


class View:
    """Opened empty and filled by the feed; ``keep`` bounds the verdicts it remembers."""

    def __init__(self, path: Path, keep: int, policy: HygienePolicy | None = None) -> None:
        self._database = Database(path)
        self._keep = keep
        self.hygiene = Hygiene(policy)

    async def close(self) -> None:
        """Finish what was asked, then let the file go."""
        await self._database.close()

    async def add_verdicts(self, logged: Sequence[Logged]) -> Sequence[Verdict]:
        """Keep a batch; gives those that are effective now and were not before, in the batch's order."""

        def action(connection: sqlite3.Connection) -> list[Verdict]:
            effective = verdicts.insert(connection, logged)
            verdicts.trim(connection, self._keep)
            return effective

        return await self._database.write(action)

    async def publish(self, record: Published) -> None:
        """Keep what a version holds."""
        await self._database.write(lambda connection: banks.publish(connection, record))

    async def activate(self, line: str, epoch: int, record: Activated | None) -> None:
        """Keep the record that won an epoch; None for one that cannot be read."""
        await self._database.write(lambda connection: banks.activate(connection, line, epoch, record))

    async def tell(self, told: Sequence[tuple[int, LineEvent]]) -> None:
        """Keep line events, each with its offset in the topic."""

        def action(connection: sqlite3.Connection) -> None:
            for offset, event in told:
                events.tell(connection, offset, event)

        await self._database.write(action)

    async def ask(self, commands: Sequence[AnyCommand]) -> None:
        """Keep commands, so that the page knows which are pending."""

        def action(connection: sqlite3.Connection) -> None:
            for command in commands:
                events.ask(connection, command)

        await self._database.write(action)

    async def set_aside(self, letters: Sequence[tuple[int, int, str]]) -> None:
        """Count dead letters, each by partition, offset and line."""

        def action(connection: sqlite3.Connection) -> None:
            for partition, offset, line in letters:
                events.set_aside(connection, partition, offset, line)

        await self._database.write(action)

    async def keep_letters(self, found: Sequence[Letter]) -> None:
        """Keep dead letters, without their bytes."""

        def action(connection: sqlite3.Connection) -> None:
            for letter in found:
                letters.keep(connection, letter)

        await self._database.write(action)

    async def letters(self, wanted: LetterFilter, limit: int) -> Sequence[Letter]:
        """The dead letters that are meant, newest first."""
        return await self._database.read(lambda connection: letters.listed(connection, wanted, limit))

    async def letter_counts(self, without: Collection[str]) -> dict[str, int]:
        """How many dead letters of each reason there are, but for those with these ids."""
        return await self._database.read(lambda connection: letters.counts(connection, without))

    async def letters_named(self, ids: Sequence[str]) -> Sequence[Letter]:
        """The dead letters of these ids that are known."""
        return await self._database.read(lambda connection: letters.named(connection, ids))

    async def lines(self) -> Sequence[LineSummary]:
        """Every line that is known, by name."""
        return await self.lines_named(None)

    async def lines_named(self, names: Collection[str] | None) -> Sequence[LineSummary]:
        """Those of these lines that are known, by name; every line without names."""
        now = datetime.now(UTC)
        found = await self._database.read(lambda connection: lines.summaries(connection, now, names))
        return [self._with_alerts(summary, now) for summary in found]

    async def rings(self, since: datetime) -> Sequence[Ring]:
        """The rings of the alerts that the remembered verdicts have, oldest first."""
        chosen = Filter(kinds=(VerdictKind.DEFECT, VerdictKind.REVIEW), since=since)

        def action(connection: sqlite3.Connection) -> list[Ring]:
            found, _ = verdicts.page(connection, chosen, None, RINGS_REMEMBERED)
            rings = (Ring.of_verdict(verdict) for verdict in reversed(found))
            return [ring for ring in rings if ring is not None]

        return await self._database.read(action)

    def _with_alerts(self, summary: LineSummary, now: datetime) -> LineSummary:
        snooze = self.hygiene.snooze(summary.line, now)
        waiting = sum(1 for group in self.hygiene.groups(summary.line) if group.closed is None)
        more = {"alerts_open": waiting, "snoozed_until": snooze.until if snooze else None}
        return summary.model_copy(update=more)

    async def line(self, line: str) -> LineSummary | None:
        """One line; None when nothing was ever told of it."""
        return next(iter(await self.lines_named([line])), None)

    async def cameras(self, line: str) -> Sequence[str]:
        """The cameras that a line's verdicts name, by name."""
        return await self._database.read(lambda connection: verdicts.cameras(connection, line))

    async def page(self, chosen: Filter, cursor: Cursor | None = None, limit: int = 50) -> VerdictPage:
        """Verdicts older than the cursor, newest first."""

        def action(connection: sqlite3.Connection) -> VerdictPage:
            found, after = verdicts.page(connection, chosen, cursor, limit)
            items = _with_answers(connection, found)
            return VerdictPage(verdicts=items, next_cursor=str(after) if after else None)

        return await self._database.read(action)

    async def find(self, line: str, names: Sequence[str]) -> dict[str, tuple[VerdictItem, ...]]:
        """The frames that each name means on a line: none, one, or more when a frame id was used again."""

        def action(connection: sqlite3.Connection) -> dict[str, tuple[VerdictItem, ...]]:
            found = {name: verdicts.find(connection, line, name) for name in names}
            return {name: _with_answers(connection, each) for name, each in found.items()}

        return await self._database.read(action)

    async def story(self, line: str, before: int, limit: int) -> EpochPage:
        """The line's epochs below ``before``, newest first, with what was refused and never put in force."""

        def action(connection: sqlite3.Connection) -> EpochPage:
            found = story.epochs(connection, line, before, limit + 1)
            more = found[limit - 1].epoch if len(found) > limit else None
            return EpochPage(
                epochs=tuple(found[:limit]),
                refusals=tuple(story.refusals(connection, line, REFUSALS)),
                candidates=tuple(story.candidates(connection, line)),
                next_before=more,
            )

        return await self._database.read(action)

    async def in_force(self, line: str) -> Activated | None:
        """What is in force on a line; None before the first bank."""
        return await self._database.read(lambda connection: banks.in_force(connection, line))

    async def published(self, line: str, version: str) -> Published | None:
        """A version of a line, in force or not; None for one that was never published."""
        return await self._database.read(lambda connection: story.published(connection, line, version))

    async def scores(self, line: str, version: str, limit: int) -> Sequence[ScoredFrame]:
        """The newest frames that a version scored, newest first."""
        return await self._database.read(lambda connection: scores.newest(connection, line, version, limit))

    async def outages(self, limit: int) -> Sequence[LineEvent]:
        """The newest troubles of all lines, newest first."""
        return await self._database.read(lambda connection: outages.newest(connection, limit))

    async def places(self) -> Sequence[Place]:
        """Where the newest frames of each line with verdicts lay, by the line's name."""
        return await self._database.read(places.of_lines)

    async def events(self, line: str, limit: int) -> Sequence[LineEvent]:
        """The newest events of a line, newest first."""
        return await self._database.read(lambda connection: events.newest(connection, line, limit))

    async def command(self, command_id: UUID) -> CommandState | None:
        """What became of a command; None when there is none of that id."""
        return await self._database.read(lambda connection: events.command(connection, str(command_id)))

    async def annals(self, line: str) -> Annals:
        """What the events of a line add up to: canaries and maintenance."""
        return await self._database.read(lambda connection: annals.of_line(connection, line))

    async def is_last_and_only(self, line: str, epoch: int) -> bool:
        """Whether an epoch is in force and one command alone made it: going back undoes nothing else."""

        def action(connection: sqlite3.Connection) -> bool:
            in_force = banks.current_epoch(connection, line) == epoch
            return in_force and events.commands_of_epoch(connection, line, epoch) == 1

        return await self._database.read(action)

    async def epoch(self, line: str) -> int:
        """The epoch in force on a line; 0 before the first."""
        return await self._database.read(lambda connection: banks.current_epoch(connection, line))


def _with_answers(connection: sqlite3.Connection, found: Sequence[Verdict]) -> tuple[VerdictItem, ...]:
    uids = [str(verdict.frame_uid) for verdict in found]
    approvals, said = events.approvals(connection, uids), answers.of_frames(connection, uids)
    return tuple(
        VerdictItem.model_validate({**dict(verdict), "approval": approvals.get(uid), "answer": said.get(uid)})
        for uid, verdict in zip(uids, found, strict=True)
    )
