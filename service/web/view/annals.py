"""What the events of one line add up to: its canaries and its maintenance. Of refusals it needs none."""

import sqlite3

from schemas.line_event import LineEvent
from service.annals.annals import Annals

_OF_ANNALS = (
    "SELECT body FROM line_events WHERE line = ? AND json_extract(body, '$.command_kind') IN "
    "('ConfirmDefect', 'RetireCanary', 'SetMaintenance', 'ApproveGood', 'Rebuild', 'RemovePart') "
    "AND json_extract(body, '$.kind') = 'command-done' ORDER BY log_offset"
)


def of_line(connection: sqlite3.Connection, line: str) -> Annals:
    """The annals of a line, folded from its events as the rebuilder folds them."""
    annals = Annals()
    for (body,) in connection.execute(_OF_ANNALS, (line,)):
        annals.tell(LineEvent.from_bytes(body.encode()))
    return annals
