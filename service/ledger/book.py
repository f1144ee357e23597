"""The book: a temporary SQLite file, so that memory stays constant over millions of frames."""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from service.ledger.accepted import FrameRow
from service.ledger.outcomes import AlertRow, LetterRow, VerdictRow

_HERE = Path(__file__).parent
_CACHE_KIB = 65_536
# Nothing here outlives the process, so nothing is journalled.
_PRAGMAS = f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-{_CACHE_KIB};"
# For every reader, the verdict that lies first is the effective one; only the frame's own partition counts.
_SETTLE = """
CREATE INDEX verdicts_by_alert ON verdicts (alert_id);
UPDATE verdicts SET effective = 1 WHERE own_partition = partition AND own_offset = (
    SELECT MIN(w.own_offset) FROM verdicts w WHERE w.partition = verdicts.partition
    AND w.source = verdicts.source AND w.own_partition = verdicts.partition);
"""
_CONCLUDE = "CREATE TABLE found AS SELECT * FROM troubles"


class WindowRow(NamedTuple):
    """Outcomes from ``floor`` to ``watermark``, and from ``ceiling`` on, must have a frame."""

    partition: int
    floor: int
    watermark: int
    ceiling: int


class ActivationRow(NamedTuple):
    """One link of a line's winning chain."""

    line: str
    epoch: int
    version: str


class UnreadableRow(NamedTuple):
    """A record that cannot be read as what its topic holds."""

    topic: str
    own_partition: int
    own_offset: int
    detail: str


class UndrawnRow(NamedTuple):
    """A verdict whose heatmap is not there."""

    own_partition: int
    own_offset: int
    detail: str


class ExpiredRow(NamedTuple):
    """What was judged so before the horizon may have lost its heatmap to retention."""

    line: str
    kind: str
    horizon_ms: float


class LimitsRow(NamedTuple):
    """Since when, and from which horizon on, an alert can be foreign."""

    since_ms: float
    horizon_ms: float


_TABLES: dict[type[tuple[Any, ...]], str] = {
    WindowRow: "windows",
    FrameRow: "frames",
    VerdictRow: "verdicts",
    LetterRow: "letters",
    AlertRow: "alerts",
    ActivationRow: "activations",
    UnreadableRow: "unreadable",
    UndrawnRow: "undrawn",
    ExpiredRow: "expired",
    LimitsRow: "limits",
}


class Book:
    """Rows by table. Every method blocks for the disk; use from one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.executescript((_HERE / "tables.sql").read_text())
        connection.executescript((_HERE / "findings.sql").read_text())

    def add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write rows, all of one kind. An alert that is there already counts as a further copy."""
        if not rows:
            return
        kind = type(rows[0])
        names = ", ".join(getattr(kind, "_fields"))  # noqa: B009 - mypy knows a tuple only
        again = "ON CONFLICT DO UPDATE SET copies = copies + 1" if kind is AlertRow else ""
        values = ", ".join("?" * len(rows[0]))
        insert = f"INSERT INTO {_TABLES[kind]} ({names}) VALUES ({values}) {again}"  # noqa: S608 - our names
        self._connection.executemany(insert, rows)

    def settle(self) -> None:
        """Call once all verdicts are in: marks the effective ones."""
        self._connection.executescript(_SETTLE)

    def conclude(self) -> None:
        """Call once everything is in: all troubles are found."""
        self._connection.execute(_CONCLUDE)

    def ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query: ask for few at a time."""
        return list(self._connection.execute(question, values))


@contextmanager
def open_book() -> Iterator[Book]:
    """An empty book in the temporary folder, gone from the disk when the block ends."""
    with tempfile.TemporaryDirectory(prefix="patchline-ledger-") as folder:
        connection = sqlite3.connect(Path(folder) / "book.sqlite", check_same_thread=False)
        try:
            connection.executescript(_PRAGMAS)
            yield Book(connection)
        finally:
            connection.close()
