"""The maintenance of a line that holds at a moment."""

import sqlite3
from datetime import datetime

from schemas.line_event import LineEvent
from service.annals.calendar import Calendar, Span

TABLES = """
CREATE INDEX events_of_maintenance ON line_events (line, log_offset)
    WHERE json_extract(body, '$.maintenance') IS NOT NULL;
"""
WORDS = """
SELECT body FROM line_events WHERE line = ? AND json_extract(body, '$.maintenance') IS NOT NULL
ORDER BY log_offset
"""


def at(connection: sqlite3.Connection, line: str, now: datetime) -> Span | None:
    """The span that holds now; None while the line is judged."""
    calendar = Calendar()
    for (body,) in connection.execute(WORDS, (line,)):
        calendar.tell(LineEvent.from_bytes(body.encode()))
    return next((span for span in calendar.spans(line, now) if span.start <= now), None)
