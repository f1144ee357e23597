"""What is told about lines, and what became of each command: its first result counts."""

import sqlite3
from collections.abc import Iterable, Sequence

from schemas.command import AnyCommand, ApproveGood
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from service.web.shapes import CommandState, CommandStatus

STATUS: dict[LineEventKind, CommandStatus] = {
    LineEventKind.COMMAND_DONE: "done",
    LineEventKind.COMMAND_REFUSED: "refused",
}
STATES = "SELECT c.command_id, c.line, r.body FROM commands c LEFT JOIN command_results r USING (command_id)"

APPROVALS = (
    "SELECT f.uid, c.command_id, c.line, r.body FROM command_frames f "
    "JOIN commands c USING (command_id) LEFT JOIN command_results r USING (command_id)"
)


def tell(connection: sqlite3.Connection, offset: int, event: LineEvent) -> None:
    """Keep an event, and the result when it is a command's."""
    body = event.to_bytes().decode()
    connection.execute("INSERT OR IGNORE INTO line_events VALUES (?, ?, ?)", (offset, event.line, body))
    if event.command_id is not None and event.kind in STATUS:
        row = (str(event.command_id), event.line, body)
        connection.execute("INSERT OR IGNORE INTO command_results VALUES (?, ?, ?)", row)


def ask(connection: sqlite3.Connection, command: AnyCommand) -> None:
    """Keep a command, and which frames it speaks of when it says that they are good."""
    name = str(command.command_id)
    row = (name, command.line, command.kind, command.issued_at.isoformat())
    connection.execute("INSERT OR IGNORE INTO commands VALUES (?, ?, ?, ?)", row)
    if isinstance(command, ApproveGood):
        frames = ((str(frame.frame_uid), name) for frame in command.frames)
        connection.executemany("INSERT OR IGNORE INTO command_frames VALUES (?, ?)", frames)


def set_aside(connection: sqlite3.Connection, partition: int, offset: int, line: str) -> None:
    """Count a dead letter of a line; one without a valid line counts for none."""
    connection.execute("INSERT OR IGNORE INTO dead_letters VALUES (?, ?, ?)", (partition, offset, line))


def newest(connection: sqlite3.Connection, line: str, limit: int) -> list[LineEvent]:
    """The newest events of a line, newest first."""
    query = "SELECT body FROM line_events WHERE line = ? ORDER BY log_offset DESC LIMIT ?"
    return [LineEvent.from_bytes(body) for (body,) in connection.execute(query, (line, limit))]


def dead_letters(connection: sqlite3.Connection) -> dict[str, int]:
    """How many dead letters each line has."""
    return dict(connection.execute("SELECT line, COUNT(*) FROM dead_letters GROUP BY line"))


def command(connection: sqlite3.Connection, command_id: str) -> CommandState | None:
    """What became of a command; None when there is none of that id."""
    row = connection.execute(f"{STATES} WHERE command_id = ?", (command_id,)).fetchone()
    if row is None:
        # Its result may have been read before the command itself.
        query = "SELECT command_id, line, body FROM command_results WHERE command_id = ?"
        row = connection.execute(query, (command_id,)).fetchone()
    if row is None:
        return None
    state = _state(row)
    return _with_progress(connection, state) if state.status == "pending" else state


def approvals(connection: sqlite3.Connection, uids: Sequence[str]) -> dict[str, CommandState]:
    """The newest approval of each of these frames."""
    marks = ", ".join("?" * len(uids))
    query = f"{APPROVALS} WHERE f.uid IN ({marks}) ORDER BY c.issued_at"
    rows: Iterable[tuple[str, str, str, str | None]] = connection.execute(query, uids)
    return {uid: _state(rest) for uid, *rest in rows}


def _with_progress(connection: sqlite3.Connection, state: CommandState) -> CommandState:
    query = (
        "SELECT body FROM line_events WHERE line = ? AND json_extract(body, '$.command_id') = ? "
        "ORDER BY log_offset DESC LIMIT 1"
    )
    row = connection.execute(query, (state.line, str(state.command_id))).fetchone()
    if row is None:
        return state
    event = LineEvent.from_bytes(row[0].encode())
    return state.model_copy(update={"sentence": event.sentence, "share_done": event.share_done})


def _state(row: Sequence[str | None]) -> CommandState:
    command_id, line, body = row
    told = {"command_id": command_id, "line": line}
    if body is None:
        return CommandState.model_validate({**told, "status": "pending"})
    event = LineEvent.from_bytes(body.encode())
    result = {
        "sentence": event.sentence,
        "epoch": event.epoch,
        "version": event.version,
        "gate": event.gate,
        "needs_second_person": event.needs_second_person,
    }
    return CommandState.model_validate({**told, "status": STATUS[event.kind], **result})
