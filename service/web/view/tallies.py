"""Tallies of verdicts, kept by the database itself: sums over a million rows are never made while a person
waits."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.reasons import VerdictKind

MINUTE_MS = 60_000
HOUR = 60
_COUNT = """
    INSERT INTO totals VALUES ({row}.line, {row}.verdict, {row}.answered, {by})
        ON CONFLICT DO UPDATE SET n = n + {by};
"""
_MINUTE = """
    INSERT INTO minutes VALUES ({row}.line, {row}.at_ms / 60000, {row}.verdict, {by})
        ON CONFLICT DO UPDATE SET n = n + {by};
"""
_MORE, _LESS = (
    "".join(part.format(row=row, by=by) for part in (_COUNT, _MINUTE))
    for row, by in (("NEW", 1), ("OLD", -1))
)
TABLES = f"""
CREATE TABLE totals (
    line TEXT NOT NULL, verdict TEXT NOT NULL, answered INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (line, verdict, answered)
) WITHOUT ROWID;
CREATE TABLE minutes (
    line TEXT NOT NULL, minute INTEGER NOT NULL, verdict TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (line, minute, verdict)
) WITHOUT ROWID;
CREATE TRIGGER verdict_came AFTER INSERT ON verdicts BEGIN {_MORE} END;
CREATE TRIGGER verdict_went AFTER DELETE ON verdicts BEGIN {_LESS} END;
CREATE TRIGGER verdict_changed AFTER UPDATE OF line, verdict, answered, at_ms ON verdicts
    BEGIN {_LESS} {_MORE} END;
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a line's remembered verdicts add up to: how many of each kind, and how many of each still wait for
    an answer."""

    counts: dict[str, int]
    open: dict[str, int]


@dataclass(frozen=True, slots=True)
class Hour:
    """Sixty minutes, oldest first: how many parts were judged in each, and how many of these were defects.
    ``frames`` counts all verdicts."""

    judged: tuple[int, ...]
    defects: tuple[int, ...]
    frames: int


def lines(connection: sqlite3.Connection) -> list[str]:
    """The lines that have verdicts, by name."""
    return [line for (line,) in connection.execute("SELECT DISTINCT line FROM totals WHERE n > 0 ORDER BY 1")]


def remembered(connection: sqlite3.Connection) -> int:
    """How many verdicts there are."""
    (count,) = connection.execute("SELECT COALESCE(SUM(n), 0) FROM totals").fetchone()
    return int(count)


def of_line(connection: sqlite3.Connection, line: str) -> Tally:
    """A line's tally."""
    counts, unanswered = dict[str, int](), dict[str, int]()
    query = "SELECT verdict, answered, n FROM totals WHERE line = ?"
    for verdict, answered, number in connection.execute(query, (line,)):
        counts[verdict] = counts.get(verdict, 0) + number
        if not answered:
            unanswered[verdict] = number
    return Tally(counts, unanswered)


def hour(connection: sqlite3.Connection, line: str, now_ms: int) -> Hour:
    """The sixty minutes that end with the present one."""
    first = now_ms // MINUTE_MS - HOUR + 1
    judged, defects, frames = [0] * HOUR, [0] * HOUR, 0
    query = "SELECT minute, verdict, n FROM minutes WHERE line = ? AND minute BETWEEN ? AND ?"
    for minute, verdict, number in connection.execute(query, (line, first, first + HOUR - 1)):
        frames += number
        if verdict in (VerdictKind.OK, VerdictKind.REVIEW, VerdictKind.DEFECT):
            judged[minute - first] += number
        if verdict == VerdictKind.DEFECT:
            defects[minute - first] += number
    return Hour(tuple(judged), tuple(defects), frames)


def forget_empty(connection: sqlite3.Connection, lines: Sequence[str]) -> None:
    """Drop minutes whose verdicts are all forgotten."""
    connection.executemany("DELETE FROM minutes WHERE line = ? AND n = 0", [(line,) for line in lines])
