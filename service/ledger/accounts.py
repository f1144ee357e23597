"""Enters records of each topic in the book."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

from schemas.topics import TopicKind
from service.banks.activation_log import ActivationLog
from service.ledger.accepted import frame_row
from service.ledger.book import ActivationRow, Book, UnreadableRow
from service.ledger.outcomes import alert_row, letter_row, verdict_row
from service.ledger.snapshot import Bounds
from service.stream.base import Record

Row = tuple[Any, ...]


class Accounts:
    """``entries[kind]`` enters records of a topic; each blocks for parsing and the disk, and none raises for
    a record, however broken. Give each partition's records in their order."""

    def __init__(self, book: Book, frames_topic: str, since_ms: int) -> None:
        self._book, self._frames_topic, self._since_ms = book, frames_topic, since_ms
        self._chains = ActivationLog()
        self._first_verdicts: dict[int, int] = {}
        self.entries: Mapping[TopicKind, Callable[[Sequence[Record]], None]] = {
            TopicKind.FRAMES: lambda records: book.add([frame_row(record) for record in records]),
            TopicKind.VERDICTS: self._enter_verdicts,
            TopicKind.ALERTS: partial(self._enter, TopicKind.ALERTS, alert_row),
            TopicKind.DEAD_LETTERS: partial(self._enter, TopicKind.DEAD_LETTERS, self._letter),
            TopicKind.BANKS: self._enter_activations,
        }

    def horizon_ms(self, verdicts: Bounds) -> float:
        """Before this time an alert's verdict may have expired; minus infinity when none has."""
        expired = (partition for partition, (first, _) in verdicts.items() if first > 0)
        return max((self._first_verdicts.get(partition, inf) for partition in expired), default=-inf)

    def _enter_verdicts(self, records: Sequence[Record]) -> None:
        for record in records:
            self._first_verdicts.setdefault(record.partition, record.timestamp_ms)
        self._enter(TopicKind.VERDICTS, verdict_row, records)

    def _enter_activations(self, records: Sequence[Record]) -> None:
        changes = (self._chains.apply(record) for record in records)
        won = (change.entry.activation for change in changes if change is not None)
        self._book.add([ActivationRow(a.line, a.epoch, a.version) for a in won if a is not None])

    def _letter(self, record: Record) -> Row | None:
        return letter_row(record, self._frames_topic)

    def _enter(
        self, kind: TopicKind, read: Callable[[Record], Row | None], records: Sequence[Record]
    ) -> None:
        rows, unreadable = [], []
        for record in records:
            try:
                row = read(record)
            except ValueError as error:
                # Without a source it cannot be told which frame it is about; its own time has to do.
                if record.timestamp_ms >= self._since_ms:
                    unreadable.append(_unreadable(kind, record, error))
            else:
                rows += [] if row is None else [row]
        self._book.add(rows)
        self._book.add(unreadable)


def _unreadable(kind: TopicKind, record: Record, error: ValueError) -> UnreadableRow:
    return UnreadableRow(kind.value, record.partition, record.offset, " ".join(str(error).split())[:200])
