"""What the cameras of each line told last: those that give no pictures are in trouble."""

import sqlite3
from datetime import datetime

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from schemas.verdict import Verdict
from service.web.view import verdicts
from service.web.view.verdicts import Filter

TABLES = """
CREATE TABLE cameras (
    line TEXT NOT NULL, camera TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (line, camera)
);
"""


def tell(connection: sqlite3.Connection, event: LineEvent) -> None:
    """Keep a camera's event in place of the one before."""
    if event.kind is LineEventKind.CAMERA:
        row = (event.line, event.camera or "", event.to_bytes().decode())
        connection.execute("INSERT OR REPLACE INTO cameras VALUES (?, ?, ?)", row)


def faults(connection: sqlite3.Connection, line: str) -> list[LineEvent]:
    """The faults that hold, by the camera's name. A camera's program that is started anew with pictures tells
    of none, so a part that was taken later ends a fault as well."""
    query = "SELECT body FROM cameras WHERE line = ? ORDER BY camera"
    told = (LineEvent.from_bytes(body) for (body,) in connection.execute(query, (line,)))
    return [event for event in told if event.camera_fault and not _is_over(connection, event)]


def _is_over(connection: sqlite3.Connection, fault: LineEvent) -> bool:
    chosen = Filter(fault.line, camera=fault.camera)
    found, _ = verdicts.page(connection, chosen, None, 1) if fault.camera else ([], None)
    return any(_taken_at(verdict) > fault.at for verdict in found)


def _taken_at(verdict: Verdict) -> datetime:
    return verdict.captured_at or verdict.inspected_at
