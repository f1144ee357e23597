"""A sink's own dead letters: reports that were refused or given up, kept in the object store until they are
told again or dropped."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.ids import LineId
from schemas.message import Message, Moment
from schemas.report import Report
from service.store import MissingObject, ObjectStore
from service.store.keys import sink_letter_key, sink_letters_folder, sink_replay_key, sink_replays_folder
from service.store.object_store import Listed

LETTERS = "sink-letters"
MAX_BYTES = 2**20


class SinkLetter(Message):
    """A report with the sink that could not tell it, and the sentence why."""

    sink: LineId
    reason: str
    set_aside_at: Moment
    report: Report

    @property
    def id(self) -> str:
        """Unique among letters; a report that was set aside again is the same letter."""
        return f"{self.sink}/{self.report.line}/{self.report.report_id}"


class LetterUnreadable(Exception):
    """An object among the letters is none; the sentence names it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters are meant. None means all; ``reason`` is a part of the sentence."""

    sink: str | None = None
    line: str | None = None
    reason: str | None = None
    since: datetime | None = None

    def wants(self, letter: SinkLetter) -> bool:
        """Whether this letter is meant."""
        return (
            (self.sink is None or letter.sink == self.sink)
            and (self.line is None or letter.report.line == self.line)
            and (self.reason is None or self.reason in letter.reason)
            and (self.since is None or letter.set_aside_at >= self.since)
        )


class SinkLetters:
    """The letters of all sinks. Methods wait for the store, and raise ``StoreError``."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def keep(self, letter: SinkLetter) -> None:
        """Set a report aside; doing it again is safe."""
        await self._store.put(_key(letter), letter.to_bytes())

    async def chosen(self, choice: Choice, unreadable: list[str]) -> AsyncIterator[SinkLetter]:
        """Those that are meant, the oldest first; what is no letter is named in ``unreadable``."""
        folder = LETTERS if choice.sink is None else sink_letters_folder(choice.sink)
        async for letter in self._read(await self._listed(folder), unreadable):
            if choice.wants(letter):
                yield letter

    async def named(self, letter_id: str) -> SinkLetter | None:
        """The letter with this id, or None. Raises ``LetterUnreadable``."""
        try:
            sink, line, report = letter_id.split("/")
            key = sink_letter_key(sink, line, UUID(report))
        except ValueError:
            return None
        return await self._get(key)

    async def replay(self, letter: SinkLetter) -> None:
        """Have the sink tell it again, and keep it no longer. Doing it again is safe."""
        report = letter.report
        key = sink_replay_key(letter.sink, report.line, report.report_id)
        await self._store.put(key, letter.to_bytes())
        await self.drop(letter)

    async def drop(self, letter: SinkLetter) -> None:
        """Keep it no longer."""
        await self._store.delete(_key(letter))

    async def replays(self, sink: str, unreadable: list[str]) -> AsyncIterator[SinkLetter]:
        """What the sink is to tell again, the oldest first."""
        async for letter in self._read(await self._listed(sink_replays_folder(sink)), unreadable):
            yield letter

    async def replayed(self, letter: SinkLetter) -> None:
        """It was told, or set aside, again."""
        report = letter.report
        await self._store.delete(sink_replay_key(letter.sink, report.line, report.report_id))

    async def _listed(self, folder: str) -> list[Listed]:
        return sorted([each async for each in self._store.list(folder)], key=lambda each: each.modified)

    async def _read(self, listed: list[Listed], unreadable: list[str]) -> AsyncIterator[SinkLetter]:
        for each in listed:
            try:
                letter = await self._get(each.key)
            except LetterUnreadable as error:
                unreadable.append(str(error))
                continue
            if letter is not None:
                yield letter

    async def _get(self, key: str) -> SinkLetter | None:
        """None for one that is gone meanwhile."""
        try:
            letter = SinkLetter.from_bytes(await self._store.get(key, max_bytes=MAX_BYTES))
        except MissingObject:
            return None
        except ValueError as error:
            raise LetterUnreadable(f"{key} is no letter of a sink: remove it from the store") from error
        if not key.endswith(f"/{letter.id}.json"):
            raise LetterUnreadable(f"{key} has the letter of another: remove it from the store")
        return letter


def _key(letter: SinkLetter) -> str:
    return sink_letter_key(letter.sink, letter.report.line, letter.report.report_id)
