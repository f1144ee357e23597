"""The dead letters of the view, without their bytes: each frame's once, newest first."""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from service.letters.letters import Letter

TABLES = """
CREATE TABLE letters (
    id TEXT PRIMARY KEY, line TEXT, reason TEXT NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX letters_newest ON letters (at_ms, id);
"""


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which letters a list holds; None is all. ``before`` is the place of the last one that was seen, and
    ``without`` has the ids of those that are settled."""

    line: str | None = None
    reason: str | None = None
    before: tuple[int, str] | None = None
    without: Collection[str] = ()


def keep(connection: sqlite3.Connection, letter: Letter) -> None:
    """Keep a letter; a repeated one changes nothing."""
    row = (letter.id, letter.line, letter.told.reason.value, at_ms(letter), letter.model_dump_json())
    connection.execute("INSERT OR IGNORE INTO letters VALUES (?, ?, ?, ?, ?)", row)


def listed(connection: sqlite3.Connection, wanted: LetterFilter, limit: int) -> list[Letter]:
    """Those that are meant, newest first."""
    at, name = wanted.before or (2**62, "")
    query = (
        "SELECT body FROM letters WHERE (at_ms, id) < (?, ?) AND (? IS NULL OR line = ?) "
        "AND (? IS NULL OR reason = ?) AND id NOT IN (SELECT value FROM json_each(?)) "
        "ORDER BY at_ms DESC, id DESC LIMIT ?"
    )
    values = (wanted.line, wanted.line, wanted.reason, wanted.reason, json.dumps(list(wanted.without)), limit)
    return [Letter.model_validate_json(body) for (body,) in connection.execute(query, (at, name, *values))]


def counts(connection: sqlite3.Connection, without: Collection[str]) -> dict[str, int]:
    """How many of each reason there are, but for those with these ids."""
    query = (
        "SELECT reason, COUNT(*) FROM letters WHERE id NOT IN (SELECT value FROM json_each(?)) "
        "GROUP BY reason ORDER BY 2 DESC"
    )
    return dict(connection.execute(query, (json.dumps(list(without)),)))


def named(connection: sqlite3.Connection, ids: Collection[str]) -> list[Letter]:
    """Those of these ids that are known, oldest first."""
    query = "SELECT body FROM letters WHERE id IN (SELECT value FROM json_each(?)) ORDER BY at_ms, id"
    found = connection.execute(query, (json.dumps(list(ids)),))
    return [Letter.model_validate_json(body) for (body,) in found]


def at_ms(letter: Letter) -> int:
    """When it was set aside."""
    return int(letter.told.set_aside_at.timestamp() * 1000)
