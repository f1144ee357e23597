"""The accounts' SQLite file: made private, opened when it is there, opened anew when it was replaced."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.accounts.refusal import AccountsError

VERSION = 1
BUSY_SECONDS = 5.0
TABLES = """
CREATE TABLE users (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT,
    created_at INTEGER NOT NULL, revision INTEGER NOT NULL
) STRICT;
CREATE TABLE tokens (
    id TEXT PRIMARY KEY, digest BLOB NOT NULL, user TEXT NOT NULL, role TEXT NOT NULL, label TEXT NOT NULL,
    lines TEXT, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER,
    used_at INTEGER
) STRICT;
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, digest BLOB NOT NULL, previous BLOB, user TEXT NOT NULL,
    created_at INTEGER NOT NULL, rotated_at INTEGER NOT NULL, seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_digest ON sessions (digest);
CREATE INDEX sessions_by_previous ON sessions (previous);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
    subject TEXT NOT NULL, detail TEXT NOT NULL, address TEXT NOT NULL, times INTEGER NOT NULL
) STRICT;
"""


class Database:
    """Any thread may use it; they take turns. While there is no file, readers get None and writers make it.
    Raises ``AccountsError`` for a file that is none of ours, or of a later Patchline."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """The file as it is, None without one."""
        with self._lock:
            yield self._opened()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or none. Makes the file when there is none."""
        with self._lock:
            connection = self._opened() or self._made()
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._forget()

    def _opened(self) -> sqlite3.Connection | None:
        """A restored file has another inode: the one that we hold is then of the past."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._forget()
            return None
        if self._file != (status.st_dev, status.st_ino):
            self._forget()
            self._connection = self._checked()
            self._file = (status.st_dev, status.st_ino)
        return self._connection

    def _made(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as error:
            raise AccountsError(
                f"the accounts file {self._path} cannot be made: {error.strerror}; set "
                "PATCHLINE_WEB__ACCOUNTS to a place that this account may write"
            ) from error
        connection = self._opened()
        assert connection is not None  # noqa: S101 - it was made a line ago
        return connection

    def _checked(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            _bring_to_version(connection, self._path)
        except sqlite3.DatabaseError as error:
            connection.close()
            raise AccountsError(
                f"{self._path} is no accounts file ({error}): restore it from a backup, or set "
                "PATCHLINE_WEB__ACCOUNTS to another place"
            ) from error
        except AccountsError:
            connection.close()
            raise
        return connection

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._file = None, None


def _bring_to_version(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise AccountsError(
            f"{path} was written by a later Patchline: upgrade this one, or restore an earlier backup"
        )
    if version == 0:
        for statement in TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
