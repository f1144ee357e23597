"""What went wrong lately, on any line."""

import sqlite3

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind

KINDS = (LineEventKind.BREAKER, LineEventKind.CAMERA, LineEventKind.DRIFT, LineEventKind.UNTRUSTED)
MARKS = ", ".join("?" * len(KINDS))
QUERY = f"SELECT body FROM line_events WHERE kind IN ({MARKS}) ORDER BY log_offset DESC LIMIT ?"  # noqa: S608


def newest(connection: sqlite3.Connection, limit: int) -> list[LineEvent]:
    """The newest troubles of all lines, newest first."""
    rows = connection.execute(QUERY, (*(kind.value for kind in KINDS), limit))
    return [LineEvent.from_bytes(body) for (body,) in rows]
