"""The story of a line's banks: its epochs, the commands that were refused, and banks never put in force."""

import sqlite3

from schemas.activation import Activated, Published
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from service.web.shapes import Epoch

EPOCHS = """
SELECT a.epoch, a.body, p.body FROM activations a LEFT JOIN published p
ON p.line = a.line AND p.model = json_extract(a.body, '$.model')
    AND p.version = json_extract(a.body, '$.version')
WHERE a.line = ? AND a.epoch < ? ORDER BY a.epoch DESC LIMIT ?
"""
RESULTS = """
SELECT body FROM line_events WHERE line = ? AND json_extract(body, '$.kind') = ?
ORDER BY log_offset DESC LIMIT ?
"""
CANDIDATES = """
SELECT p.body FROM published p WHERE p.line = ? AND NOT EXISTS (
    SELECT 1 FROM activations a WHERE a.line = p.line AND json_extract(a.body, '$.model') = p.model
    AND json_extract(a.body, '$.version') = p.version)
ORDER BY json_extract(p.body, '$.published_at') DESC
"""
ANY_BANK = "SELECT body FROM published WHERE line = ? AND version = ?"
# A line's results of this many commands are searched for those of the epochs that are shown.
RECENT = 2_000


def epochs(connection: sqlite3.Connection, line: str, before: int, limit: int) -> list[Epoch]:
    """The epochs below ``before``, newest first, each with the result of the command that made it."""
    done = {event.epoch: event for event in reversed(_results(connection, line, LineEventKind.COMMAND_DONE))}
    found = connection.execute(EPOCHS, (line, before, limit)).fetchall()
    return [
        Epoch(
            epoch=epoch,
            activation=Activated.from_bytes(body) if body else None,
            bank=Published.from_bytes(bank) if bank else None,
            result=done.get(epoch),
        )
        for epoch, body, bank in found
    ]


def refusals(connection: sqlite3.Connection, line: str, limit: int) -> list[LineEvent]:
    """The newest commands of a line that changed nothing."""
    return _results(connection, line, LineEventKind.COMMAND_REFUSED, limit)


def candidates(connection: sqlite3.Connection, line: str) -> list[Published]:
    """Banks of a line that were published and never put in force, newest first."""
    return [Published.from_bytes(body) for (body,) in connection.execute(CANDIDATES, (line,))]


def published(connection: sqlite3.Connection, line: str, version: str) -> Published | None:
    """A version of a line, in force or not."""
    row = connection.execute(ANY_BANK, (line, version)).fetchone()
    return Published.from_bytes(row[0]) if row else None


def _results(
    connection: sqlite3.Connection, line: str, kind: LineEventKind, limit: int = RECENT
) -> list[LineEvent]:
    rows = connection.execute(RESULTS, (line, kind.value, limit))
    return [LineEvent.from_bytes(body) for (body,) in rows]
