"""What went wrong lately, on any line."""

import sqlite3

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind

KINDS = (LineEventKind.BREAKER, LineEventKind.DRIFT, LineEventKind.UNTRUSTED)
QUERY = (
    "SELECT body FROM line_events WHERE json_extract(body, '$.kind') IN (?, ?, ?) "
    "ORDER BY log_offset DESC LIMIT ?"
)
PLACES = (
    "SELECT json_extract(body, '$.source.partition'), line, COUNT(*) FROM "
    "(SELECT line, body FROM verdicts ORDER BY at_ms DESC LIMIT ?) GROUP BY 1, 2"
)
RECENT = 2_000


def newest(connection: sqlite3.Connection, limit: int) -> list[LineEvent]:
    """The newest troubles of all lines, newest first."""
    rows = connection.execute(QUERY, (*(kind.value for kind in KINDS), limit))
    return [LineEvent.from_bytes(body) for (body,) in rows]


def places(connection: sqlite3.Connection) -> dict[int, list[str]]:
    """The lines whose newest frames came from each partition."""
    found: dict[int, list[str]] = {}
    for partition, line, _ in connection.execute(PLACES, (RECENT,)):
        found.setdefault(int(partition), []).append(line)
    return found
