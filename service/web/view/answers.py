"""Answers: what people said of frames, followed from the commands and their results alone.

The newest command that names a frame, and was not taken back, is its answer. It stands unless it was refused.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from schemas.command import AnyCommand, ApproveGood, ConfirmDefect, MarkUnsure
from schemas.line_event import LineEvent
from schemas.reasons import CommandKind
from service.web.shapes import Answer, AnswerKind
from service.web.view.command_states import state_of

KINDS: dict[str, AnswerKind] = {
    CommandKind.APPROVE_GOOD.value: "good",
    CommandKind.CONFIRM_DEFECT.value: "defect",
    CommandKind.MARK_UNSURE.value: "unsure",
}
TABLES = """
CREATE TABLE command_frames (uid TEXT NOT NULL, command_id TEXT NOT NULL, PRIMARY KEY (uid, command_id));
CREATE INDEX frames_of_command ON command_frames (command_id);
CREATE TABLE answers (uid TEXT PRIMARY KEY, command_id TEXT NOT NULL, standing INTEGER NOT NULL);
"""
# A command that was refused changed nothing: as an answer it does not stand, as an undoing it undid nothing.
NEWEST = """
SELECT c.command_id, COALESCE(json_extract(r.body, '$.kind'), '') != 'command-refused'
FROM command_frames f JOIN commands c USING (command_id) LEFT JOIN command_results r USING (command_id)
WHERE f.uid = ? AND NOT EXISTS (
    SELECT 1 FROM commands u LEFT JOIN command_results t ON t.command_id = u.command_id
    WHERE u.undoes = c.command_id AND COALESCE(json_extract(t.body, '$.kind'), '') != 'command-refused')
ORDER BY c.issued_at DESC, c.command_id LIMIT 1
"""

OF_FRAMES = (
    "SELECT a.uid, a.standing, c.kind, c.actor, c.why, c.issued_at, c.command_id, c.line, r.body "
    "FROM answers a JOIN commands c USING (command_id) LEFT JOIN command_results r USING (command_id)"
)


def named(command: AnyCommand) -> list[str]:
    """The frames that a command answers for, by uid."""
    if isinstance(command, ApproveGood):
        return [str(frame.frame_uid) for frame in command.frames]
    if isinstance(command, ConfirmDefect) or (isinstance(command, MarkUnsure) and not command.withdrawn):
        return [str(command.frame.frame_uid)]
    return []


def ask(connection: sqlite3.Connection, command: AnyCommand) -> None:
    """Follow a command that was just kept."""
    name = str(command.command_id)
    uids = named(command)
    rows = [(uid, name) for uid in uids]
    connection.executemany("INSERT OR IGNORE INTO command_frames VALUES (?, ?)", rows)
    if command.undoes is not None:
        uids = [*uids, *_frames(connection, str(command.undoes))]
    _settle(connection, uids)


def tell(connection: sqlite3.Connection, event: LineEvent) -> None:
    """Follow a result that was just kept."""
    name = str(event.command_id)
    row = connection.execute("SELECT undoes FROM commands WHERE command_id = ?", (name,)).fetchone()
    undone = _frames(connection, row[0]) if row and row[0] else []
    _settle(connection, [*_frames(connection, name), *undone])


def of_frames(connection: sqlite3.Connection, uids: Sequence[str]) -> dict[str, Answer]:
    """The answer of each of these frames that has one."""
    marks = ", ".join("?" * len(uids))
    query = f"{OF_FRAMES} WHERE a.uid IN ({marks})"
    return {
        uid: Answer(
            kind=KINDS[kind], actor=actor, why=why, at=at, standing=bool(standing), command=state_of(state)
        )
        for uid, standing, kind, actor, why, at, *state in connection.execute(query, uids)
    }


def _frames(connection: sqlite3.Connection, command_id: str) -> list[str]:
    query = "SELECT uid FROM command_frames WHERE command_id = ?"
    return [uid for (uid,) in connection.execute(query, (command_id,))]


def _settle(connection: sqlite3.Connection, uids: Iterable[str]) -> None:
    for uid in uids:
        row = connection.execute(NEWEST, (uid,)).fetchone()
        standing = bool(row and row[1])
        if row is None:
            connection.execute("DELETE FROM answers WHERE uid = ?", (uid,))
        else:
            connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (uid, row[0], standing))
        update = "UPDATE verdicts SET answered = ? WHERE uid = ? AND answered != ?"
        connection.execute(update, (standing, uid, standing))
