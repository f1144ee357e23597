"""What is told about lines, and what became of each command: its first result counts."""

import sqlite3
from collections.abc import Iterable, Sequence

from schemas.command import AnyCommand
from schemas.line_event import LineEvent
from schemas.reasons import CommandKind, LineEventKind
from service.web.shapes import CommandState
from service.web.view import answers, cameras
from service.web.view.command_states import STATUS, state_of

TABLES = """
CREATE TABLE line_events (
    log_offset INTEGER PRIMARY KEY, line TEXT NOT NULL, body TEXT NOT NULL, kind TEXT NOT NULL
);
CREATE INDEX events_of_line ON line_events (line, log_offset);
CREATE INDEX events_of_kind ON line_events (line, kind, log_offset);
CREATE TABLE commands (
    command_id TEXT PRIMARY KEY, line TEXT NOT NULL, kind TEXT NOT NULL, issued_at TEXT NOT NULL,
    actor TEXT NOT NULL, why TEXT NOT NULL, undoes TEXT, body TEXT NOT NULL
);
CREATE INDEX commands_undone ON commands (undoes) WHERE undoes IS NOT NULL;
CREATE TABLE command_results (command_id TEXT PRIMARY KEY, line TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE dead_letters (
    partition INTEGER NOT NULL, log_offset INTEGER NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (partition, log_offset)
);
CREATE INDEX dead_letters_of_line ON dead_letters (line);
"""
STATES = "SELECT c.command_id, c.line, r.body FROM commands c LEFT JOIN command_results r USING (command_id)"

APPROVALS = (
    "SELECT f.uid, c.command_id, c.line, r.body FROM command_frames f "
    "JOIN commands c USING (command_id) LEFT JOIN command_results r USING (command_id)"
)


def tell(connection: sqlite3.Connection, offset: int, event: LineEvent) -> None:
    """Keep an event, and the result when it is a command's."""
    body = event.to_bytes().decode()
    row = (offset, event.line, body, event.kind.value)
    connection.execute("INSERT OR IGNORE INTO line_events VALUES (?, ?, ?, ?)", row)
    cameras.tell(connection, event)
    if event.command_id is not None and event.kind in STATUS:
        result = (str(event.command_id), event.line, body)
        connection.execute("INSERT OR IGNORE INTO command_results VALUES (?, ?, ?)", result)
        answers.tell(connection, event)


def ask(connection: sqlite3.Connection, command: AnyCommand) -> None:
    """Keep a command, and which frames it answers for."""
    head = (str(command.command_id), command.line, command.kind, command.issued_at.isoformat())
    undoes = str(command.undoes) if command.undoes else None
    row = (*head, command.actor, command.why, undoes, command.to_bytes().decode())
    connection.execute("INSERT OR IGNORE INTO commands VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    answers.ask(connection, command)


def set_aside(connection: sqlite3.Connection, partition: int, offset: int, line: str) -> None:
    """Count a dead letter of a line; one without a valid line counts for none."""
    connection.execute("INSERT OR IGNORE INTO dead_letters VALUES (?, ?, ?)", (partition, offset, line))


def newest(connection: sqlite3.Connection, line: str, limit: int) -> list[LineEvent]:
    """The newest events of a line, newest first."""
    query = "SELECT body FROM line_events WHERE line = ? ORDER BY log_offset DESC LIMIT ?"
    return [LineEvent.from_bytes(body) for (body,) in connection.execute(query, (line, limit))]


def newest_of(connection: sqlite3.Connection, line: str, kind: LineEventKind) -> LineEvent | None:
    """The newest event of a kind that was told of a line."""
    query = "SELECT body FROM line_events WHERE line = ? AND kind = ? ORDER BY log_offset DESC LIMIT 1"
    row = connection.execute(query, (line, kind.value)).fetchone()
    return LineEvent.from_bytes(row[0].encode()) if row else None


def commands_of_epoch(connection: sqlite3.Connection, line: str, epoch: int) -> int:
    """How many commands an epoch was made by."""
    query = "SELECT COUNT(*) FROM command_results WHERE line = ? AND json_extract(body, '$.epoch') = ?"
    return int(connection.execute(query, (line, epoch)).fetchone()[0])


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
    state = state_of(row)
    return _with_progress(connection, state) if state.status == "pending" else state


def approvals(connection: sqlite3.Connection, uids: Sequence[str]) -> dict[str, CommandState]:
    """The newest approval of each of these frames."""
    marks = ", ".join("?" * len(uids))
    query = f"{APPROVALS} WHERE f.uid IN ({marks}) AND c.kind = ? ORDER BY c.issued_at"
    values = (*uids, CommandKind.APPROVE_GOOD.value)
    rows: Iterable[tuple[str, str, str, str | None]] = connection.execute(query, values)
    return {uid: state_of(rest) for uid, *rest in rows}


def _with_progress(connection: sqlite3.Connection, state: CommandState) -> CommandState:
    query = (
        "SELECT body FROM line_events WHERE line = ? AND json_extract(body, '$.command_id') = ? "
        "ORDER BY log_offset DESC LIMIT 1"
    )
    row = connection.execute(query, (state.line, str(state.command_id))).fetchone()
    if row is None:
        return state
    event = LineEvent.from_bytes(row[0].encode())
    told = {"sentence": event.sentence, "share_done": event.share_done, "seconds_left": event.seconds_left}
    return state.model_copy(update=told)
