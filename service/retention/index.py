"""What retention knows: the verdict of each stored frame, and the frames that commands name.

One SQLite file that outlives restarts, for verdicts expire from their topic before frames do from the store.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from schemas.command import COMMAND, ApproveGood, ConfirmDefect, TrainLine
from schemas.reasons import LineEventKind
from schemas.verdict import Verdict
from service.signing.admission import trusted
from service.signing.events import heard
from service.signing.statement import KeyUse
from service.signing.trust import UNCHECKED, Trust
from service.stream.base import Record

TABLES = """
CREATE TABLE IF NOT EXISTS verdicts (uid TEXT PRIMARY KEY, line TEXT, kind TEXT, at_ms INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asked (uid TEXT, command_id TEXT, at_ms INTEGER, PRIMARY KEY (uid, command_id));
CREATE TABLE IF NOT EXISTS finished (command_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS positions (
    topic TEXT, partition INTEGER, next INTEGER, PRIMARY KEY (topic, partition)
);
CREATE TEMP TABLE objects (key TEXT PRIMARY KEY, uid TEXT, size INTEGER, modified_ms INTEGER);
CREATE INDEX temp.objects_by_uid ON objects (uid);
"""
# A later verdict of a frame, as after a replay, is the one that says how long it is kept.
JUDGED = """
INSERT INTO verdicts VALUES (?, ?, ?, ?)
ON CONFLICT (uid) DO UPDATE SET kind = excluded.kind, at_ms = excluded.at_ms WHERE excluded.at_ms > at_ms
"""
RESULTS = (LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED)


class StoredObject(NamedTuple):
    """A frame or a heatmap in the store, by the frame's uid."""

    key: str
    uid: str
    size: int
    modified_ms: int


class RetentionIndex:
    """Opened in a folder of its own program. Every method blocks for the disk; use it from one thread."""

    def __init__(self, path: Path, trust: Trust = UNCHECKED) -> None:
        self._trust = trust
        path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(path, check_same_thread=False)
        self.connection.executescript(TABLES)

    def close(self) -> None:
        """Let the file go."""
        self.connection.close()

    def position(self, topic: str, partition: int) -> int | None:
        """The offset that is to be read next; None before the first."""
        query = "SELECT next FROM positions WHERE topic = ? AND partition = ?"
        row = self.connection.execute(query, (topic, partition)).fetchone()
        return int(row[0]) if row else None

    def judged(self, records: Sequence[Record]) -> None:
        """Take records of ``verdicts``; what is none is passed over."""
        for record in records:
            try:
                verdict = Verdict.from_bytes(record.value or b"")
            except ValueError:
                continue
            row = (str(verdict.frame_uid), verdict.line, verdict.verdict.value, _ms(verdict))
            self.connection.execute(JUDGED, row)
        self._passed(records)

    def commanded(self, records: Sequence[Record]) -> None:
        """Take records of ``commands``: the frames that they name are held until they are carried out."""
        for record in trusted(records, KeyUse.COMMANDS, self._trust):
            try:
                command = COMMAND.validate_json(record.value or b"")
            except ValueError:
                continue
            if isinstance(command, ApproveGood | TrainLine):
                frames = command.frames
            else:
                frames = (command.frame,) if isinstance(command, ConfirmDefect) else ()
            at_ms = int(command.issued_at.timestamp() * 1000)
            rows = [(str(frame.frame_uid), str(command.command_id), at_ms) for frame in frames]
            self.connection.executemany("INSERT OR IGNORE INTO asked VALUES (?, ?, ?)", rows)
        self._passed(records)

    def told(self, records: Sequence[Record]) -> None:
        """Take records of ``line-events``: the results of commands."""
        for record in records:
            try:
                event = heard(record, self._trust)
            except ValueError:
                continue
            if event is not None and event.command_id is not None and event.kind in RESULTS:
                self.connection.execute("INSERT OR IGNORE INTO finished VALUES (?)", (str(event.command_id),))
        self._passed(records)

    def listed(self, objects: Sequence[StoredObject]) -> None:
        """Take what lies in the store now."""
        self.connection.executemany("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", objects)

    def begin_listing(self) -> None:
        """Forget what lay in the store before."""
        self.connection.execute("DELETE FROM objects")

    def removed(self, keys: Sequence[str]) -> None:
        """Forget objects that are gone, and verdicts that nothing is stored of."""
        self.connection.executemany("DELETE FROM objects WHERE key = ?", [(key,) for key in keys])

    def forget(self, before_ms: int) -> None:
        """Forget verdicts and finished commands from before this moment that nothing is stored of."""
        self.connection.execute(
            "DELETE FROM verdicts WHERE at_ms < ? AND uid NOT IN (SELECT uid FROM objects)", (before_ms,)
        )
        self.connection.execute(
            "DELETE FROM asked WHERE at_ms < ? AND command_id IN (SELECT command_id FROM finished)",
            (before_ms,),
        )
        self.connection.commit()

    def held(self, since_ms: int) -> frozenset[str]:
        """The frames that a command names which has no result yet, or was given after this moment."""
        query = (
            "SELECT uid FROM asked WHERE at_ms >= ? OR command_id NOT IN (SELECT command_id FROM finished)"
        )
        return frozenset(uid for (uid,) in self.connection.execute(query, (since_ms,)))

    def _passed(self, records: Sequence[Record]) -> None:
        for record in records:
            row = (record.topic, record.partition, record.offset + 1)
            self.connection.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", row)
        self.connection.commit()


def _ms(verdict: Verdict) -> int:
    return int(verdict.inspected_at.timestamp() * 1000)
