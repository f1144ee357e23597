"""The verdicts of the view: the effective one of each frame, listed newest first by key, never by count."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from schemas.reasons import VerdictKind
from schemas.verdict import Verdict

CURSOR = re.compile(r"(\d{1,16})\.([0-9a-f-]{36})")

# Two inspectors may both have scored a frame: the verdict of the lower source offset counts and, where
# that is equal, the one that came first in the log.
INSERT = """
INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (uid) DO UPDATE SET
    line = excluded.line, frame_id = excluded.frame_id, verdict = excluded.verdict, at_ms = excluded.at_ms,
    source_offset = excluded.source_offset, log_offset = excluded.log_offset, body = excluded.body
WHERE (excluded.source_offset, excluded.log_offset) < (verdicts.source_offset, verdicts.log_offset)
"""
TRIM = """
DELETE FROM verdicts WHERE (at_ms, uid) <=
    (SELECT at_ms, uid FROM verdicts ORDER BY at_ms DESC, uid DESC LIMIT 1 OFFSET ?)
"""


@dataclass(frozen=True, slots=True)
class Logged:
    """A verdict and its offset in the topic."""

    verdict: Verdict
    offset: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list: the key of the last verdict that was seen."""

    at_ms: int
    uid: str

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        """The place of a verdict."""
        return cls(at_ms(verdict), str(verdict.frame_uid))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The cursor that the text names; raises ``ValueError`` for any other text."""
        match = CURSOR.fullmatch(text)
        if match is None:
            raise ValueError(f"cursor {text[:60]!r} is none of ours: take it from next_cursor")
        return cls(int(match[1]), match[2])

    def __str__(self) -> str:
        return f"{self.at_ms}.{self.uid}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which verdicts to list; an empty ``kinds`` means all."""

    line: str | None = None
    kinds: tuple[VerdictKind, ...] = ()


def at_ms(verdict: Verdict) -> int:
    """The verdict's place in time."""
    return int(verdict.inspected_at.timestamp() * 1000)


def insert(connection: sqlite3.Connection, logged: Sequence[Logged]) -> list[Verdict]:
    """Keep the verdicts; gives those that are effective now and were not before."""
    return [entry.verdict for entry in logged if connection.execute(INSERT, _row(entry)).rowcount > 0]


def _row(entry: Logged) -> tuple[str | int, ...]:
    verdict = entry.verdict
    place = (verdict.source.offset, entry.offset)
    uid, body = str(verdict.frame_uid), verdict.to_bytes().decode()
    return uid, verdict.line, verdict.frame_id, verdict.verdict.value, at_ms(verdict), *place, body


def trim(connection: sqlite3.Connection, keep: int) -> None:
    """Forget all but the newest."""
    connection.execute(TRIM, (keep,))


def page(
    connection: sqlite3.Connection, chosen: Filter, cursor: Cursor | None, limit: int
) -> tuple[list[Verdict], Cursor | None]:
    """At most ``limit`` verdicts older than the cursor, newest first, and where to go on."""
    where, values = _conditions(chosen, cursor)
    query = f"SELECT body FROM verdicts WHERE {where} ORDER BY at_ms DESC, uid DESC LIMIT ?"  # noqa: S608
    rows = connection.execute(query, (*values, limit + 1)).fetchall()
    verdicts = [Verdict.from_bytes(body) for (body,) in rows[:limit]]
    return verdicts, Cursor.of(verdicts[-1]) if len(rows) > limit else None


def _conditions(chosen: Filter, cursor: Cursor | None) -> tuple[str, list[str | int]]:
    clauses, values = ["TRUE"], list[str | int]()
    if chosen.line is not None:
        clauses.append("line = ?")
        values.append(chosen.line)
    if chosen.kinds:
        clauses.append(f"verdict IN ({', '.join('?' * len(chosen.kinds))})")
        values.extend(kind.value for kind in chosen.kinds)
    if cursor is not None:
        clauses.append("(at_ms, uid) < (?, ?)")
        values.extend((cursor.at_ms, cursor.uid))
    return " AND ".join(clauses), values


def find(connection: sqlite3.Connection, line: str, name: str) -> list[Verdict]:
    """The frames of a line with this frame_uid or this frame id: two when an id was used twice."""
    query = (
        "SELECT body FROM verdicts WHERE line = ? AND uid = ? UNION "
        "SELECT body FROM verdicts WHERE line = ? AND frame_id = ?"
    )
    rows = connection.execute(query, (line, name.lower(), line, name))
    return [Verdict.from_bytes(body) for (body,) in rows]


def counts(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """How many of each verdict each line has."""
    found: dict[str, dict[str, int]] = {}
    for line, verdict, count in connection.execute(
        "SELECT line, verdict, COUNT(*) FROM verdicts GROUP BY line, verdict"
    ):
        found.setdefault(line, {})[verdict] = count
    return found


def count_since(connection: sqlite3.Connection, moment_ms: int) -> dict[str, int]:
    """How many verdicts each line has had since."""
    return dict(
        connection.execute("SELECT line, COUNT(*) FROM verdicts WHERE at_ms > ? GROUP BY line", (moment_ms,))
    )
