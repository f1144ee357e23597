"""The verdicts of the view: the effective one of each frame, listed newest first by key, never by count."""

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice, product
from typing import Self

from schemas.reasons import VerdictKind
from schemas.verdict import Verdict
from service.web.view import tallies

CURSOR = re.compile(r"(\d{1,16})\.([0-9a-f-]{36})")
# Of parts whose id begins with what was searched for, so many are looked at.
SEARCHED = 1_000

TABLES = """
CREATE TABLE verdicts (
    uid TEXT PRIMARY KEY, line TEXT NOT NULL, frame_id TEXT NOT NULL, verdict TEXT NOT NULL,
    at_ms INTEGER NOT NULL, source_offset INTEGER NOT NULL, log_offset INTEGER NOT NULL, body TEXT NOT NULL,
    camera TEXT, part_id TEXT, answered INTEGER NOT NULL
);
CREATE INDEX verdicts_newest ON verdicts (at_ms, uid);
CREATE INDEX verdicts_of_line ON verdicts (line, at_ms, uid);
CREATE INDEX verdicts_by_kind ON verdicts (line, verdict, answered, at_ms, uid);
CREATE INDEX verdicts_by_camera ON verdicts (line, camera, verdict, answered, at_ms, uid);
CREATE INDEX verdicts_by_frame ON verdicts (line, frame_id);
CREATE INDEX verdicts_by_part ON verdicts (line, part_id, at_ms, uid, verdict, answered, camera);
"""
# Two inspectors may both have scored a frame: the verdict of the lower source offset counts and, where
# that is equal, the one that came first in the log.
INSERT = """
INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
    COALESCE((SELECT standing FROM answers WHERE answers.uid = ?1), 0))
ON CONFLICT (uid) DO UPDATE SET
    line = excluded.line, frame_id = excluded.frame_id, verdict = excluded.verdict, at_ms = excluded.at_ms,
    source_offset = excluded.source_offset, log_offset = excluded.log_offset, body = excluded.body,
    camera = excluded.camera, part_id = excluded.part_id, answered = excluded.answered
WHERE (excluded.source_offset, excluded.log_offset) < (verdicts.source_offset, verdicts.log_offset)
"""
TRIM = (
    "DELETE FROM verdicts WHERE uid IN (SELECT uid FROM verdicts ORDER BY at_ms, uid LIMIT ?) RETURNING line"
)
BODIES = (
    "SELECT body FROM verdicts WHERE uid IN (SELECT value FROM json_each(?)) ORDER BY at_ms DESC, uid DESC"
)
Key = tuple[int, str]
"""A verdict's place in time, and its uid."""


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
    """Which verdicts to list; None, and an empty ``kinds``, mean all. ``part`` is how a part id begins, or a
    whole frame id or frame_uid; ``since`` is counted in, ``until`` is not."""

    line: str | None = None
    kinds: tuple[VerdictKind, ...] = ()
    answered: bool | None = None
    camera: str | None = None
    part: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def at_ms(verdict: Verdict) -> int:
    """The verdict's place in time."""
    return _ms(verdict.inspected_at)


def insert(connection: sqlite3.Connection, logged: Sequence[Logged]) -> list[Verdict]:
    """Keep the verdicts; gives those that are effective now and were not before."""
    return [entry.verdict for entry in logged if connection.execute(INSERT, _row(entry)).rowcount > 0]


def _row(entry: Logged) -> tuple[str | int | None, ...]:
    verdict = entry.verdict
    place = (verdict.source.offset, entry.offset)
    uid, body = str(verdict.frame_uid), verdict.to_bytes().decode()
    head = (uid, verdict.line, verdict.frame_id, verdict.verdict.value, at_ms(verdict))
    return *head, *place, body, verdict.camera, verdict.part_id


def trim(connection: sqlite3.Connection, keep: int) -> None:
    """Forget all but the newest."""
    excess = tallies.remembered(connection) - keep
    if excess > 0:
        gone = connection.execute(TRIM, (excess,)).fetchall()
        tallies.forget_empty(connection, sorted({line for (line,) in gone}))


def page(
    connection: sqlite3.Connection, chosen: Filter, cursor: Cursor | None, limit: int
) -> tuple[list[Verdict], Cursor | None]:
    """At most ``limit`` verdicts older than the cursor, newest first, and where to go on."""
    keys = list(islice(_keys(connection, chosen, cursor, limit + 1), limit + 1))
    uids = [uid for _, uid in keys[:limit]]
    rows = connection.execute(BODIES, (json.dumps(uids),))
    verdicts = [Verdict.from_bytes(body) for (body,) in rows]
    return verdicts, Cursor.of(verdicts[-1]) if len(keys) > limit else None


def _keys(connection: sqlite3.Connection, chosen: Filter, cursor: Cursor | None, limit: int) -> Iterator[Key]:
    """Keys, newest first: each combination of line, kind and answer is one walk along an index."""
    names = tallies.lines(connection) if chosen.line is None else [chosen.line]
    kinds = chosen.kinds or tuple(VerdictKind)
    answers = (0, 1) if chosen.answered is None else (int(chosen.answered),)
    if chosen.part is not None:
        found = [key for line in names for key in _searched(connection, line, chosen, cursor)]
        return iter(sorted(found, reverse=True))
    walks = (
        _walk(connection, chosen, cursor, limit, (line, kind, answered))
        for line, kind, answered in product(names, kinds, answers)
    )
    return merge(*walks, reverse=True)


def _walk(
    connection: sqlite3.Connection,
    chosen: Filter,
    cursor: Cursor | None,
    limit: int,
    branch: tuple[str, VerdictKind, int],
) -> list[Key]:
    line, kind, answered = branch
    clauses, values = _span(chosen, cursor)
    if chosen.camera is not None:
        clauses.append("camera = ?")
        values.append(chosen.camera)
    index = "verdicts_by_kind" if chosen.camera is None else "verdicts_by_camera"
    where = " AND ".join(["line = ?", "verdict = ?", "answered = ?", *clauses])
    query = (
        f"SELECT at_ms, uid FROM verdicts INDEXED BY {index} WHERE {where} "  # noqa: S608 - words of ours
        "ORDER BY at_ms DESC, uid DESC LIMIT ?"
    )
    return connection.execute(query, (line, kind.value, answered, *values, limit)).fetchall()


def _searched(connection: sqlite3.Connection, line: str, chosen: Filter, cursor: Cursor | None) -> list[Key]:
    """The keys of the parts that the search means and the rest of the filter lets through."""
    text = chosen.part or ""
    clauses, values = _span(chosen, cursor)
    for column, wanted in (("answered", chosen.answered), ("camera", chosen.camera)):
        if wanted is not None:
            clauses.append(f"{column} = ?")
            values.append(wanted)
    if chosen.kinds:
        clauses.append(f"verdict IN ({', '.join('?' * len(chosen.kinds))})")
        values.extend(kind.value for kind in chosen.kinds)
    where = " AND ".join(["TRUE", *clauses])
    found: set[Key] = set()
    for means, names in (
        ("line = ? AND uid = ?", (line, text.lower())),
        ("line = ? AND frame_id = ?", (line, text)),
        # The index has all that is asked, so that no row is read for it.
        ("line = ? AND part_id >= ? AND part_id < ?", (line, text, text + "\U0010ffff")),
    ):
        query = f"SELECT at_ms, uid FROM verdicts WHERE {means} AND {where} LIMIT ?"  # noqa: S608 - words of ours
        found.update(connection.execute(query, (*names, *values, SEARCHED)))
    return list(found)


def _span(chosen: Filter, cursor: Cursor | None) -> tuple[list[str], list[str | int]]:
    clauses, values = list[str](), list[str | int]()
    if chosen.since is not None:
        clauses.append("at_ms >= ?")
        values.append(_ms(chosen.since))
    if chosen.until is not None:
        clauses.append("at_ms < ?")
        values.append(_ms(chosen.until))
    if cursor is not None:
        clauses.append("(at_ms, uid) < (?, ?)")
        values.extend((cursor.at_ms, cursor.uid))
    return clauses, values


def find(connection: sqlite3.Connection, line: str, name: str) -> list[Verdict]:
    """The frames of a line with this frame_uid or this frame id: two when an id was used twice."""
    query = (
        "SELECT body FROM verdicts WHERE line = ? AND uid = ? UNION "
        "SELECT body FROM verdicts WHERE line = ? AND frame_id = ?"
    )
    rows = connection.execute(query, (line, name.lower(), line, name))
    return [Verdict.from_bytes(body) for (body,) in rows]


def newest(connection: sqlite3.Connection, line: str) -> Verdict | None:
    """The newest verdict of a line."""
    query = "SELECT body FROM verdicts WHERE line = ? ORDER BY at_ms DESC, uid DESC LIMIT 1"
    row = connection.execute(query, (line,)).fetchone()
    return Verdict.from_bytes(row[0]) if row else None


def cameras(connection: sqlite3.Connection, line: str) -> list[str]:
    """The cameras that a line's remembered verdicts name."""
    # One step along the index for each camera: a DISTINCT would read every row.
    query = """
    WITH RECURSIVE seen(camera) AS (
        SELECT MIN(camera) FROM verdicts WHERE line = ?1
        UNION ALL
        SELECT (SELECT MIN(camera) FROM verdicts WHERE line = ?1 AND camera > seen.camera) FROM seen
        WHERE seen.camera IS NOT NULL LIMIT 50
    ) SELECT camera FROM seen WHERE camera IS NOT NULL
    """
    return [camera for (camera,) in connection.execute(query, (line,))]


def count_since(connection: sqlite3.Connection, line: str, moment_ms: int) -> int:
    """How many verdicts a line has had since."""
    query = "SELECT COUNT(*) FROM verdicts WHERE line = ? AND at_ms > ?"
    return int(connection.execute(query, (line, moment_ms)).fetchone()[0])


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
