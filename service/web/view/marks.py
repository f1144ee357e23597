"""Marks: the newest verdicts of each line as points to draw, read without parsing whole verdicts."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

QUERY = """
SELECT verdict, json_extract(body, '$.score') / json_extract(body, '$.threshold')
FROM verdicts WHERE line = ? ORDER BY at_ms DESC, uid DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """One verdict: ``level`` is the score as a multiple of its threshold, None when there was none."""

    kind: str
    level: float | None


def newest(connection: sqlite3.Connection, lines: Sequence[str], limit: int) -> dict[str, list[Mark]]:
    """The newest marks of each line, oldest first."""
    return {line: _of_line(connection, line, limit) for line in lines}


def _of_line(connection: sqlite3.Connection, line: str, limit: int) -> list[Mark]:
    rows = connection.execute(QUERY, (line, limit)).fetchall()
    return [Mark(kind, level) for kind, level in reversed(rows)]
