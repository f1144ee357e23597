"""Where the frames of each line lie: the partitions that its newest verdicts name, and how long they took."""

import sqlite3
from dataclasses import dataclass

from service.web.view import tallies

NEWEST = 20
QUERY = """
SELECT at_ms, json_extract(body, '$.source.partition'), json_extract(body, '$.source.timestamp_ms')
FROM verdicts WHERE line = ? ORDER BY at_ms DESC, uid DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A line. ``behind_ms``: from the arrival of its newest judged frame at the broker to the verdict; None
    where the record had no time."""

    line: str
    partitions: tuple[int, ...]
    behind_ms: float | None


def of_lines(connection: sqlite3.Connection) -> list[Place]:
    """Every line that has verdicts, by name."""
    return [_place(connection, line) for line in tallies.lines(connection)]


def _place(connection: sqlite3.Connection, line: str) -> Place:
    rows = connection.execute(QUERY, (line, NEWEST)).fetchall()
    partitions = tuple(sorted({int(partition) for _, partition, _ in rows}))
    at_ms, _, arrived_ms = rows[0] if rows else (0, 0, 0)
    return Place(line, partitions, max(float(at_ms - arrived_ms), 0.0) if arrived_ms > 0 else None)
