"""One SQLite file behind two threads: one writes, one reads, and the event loop waits for neither."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from service.web.view import answers, banks, cameras, events, letters, maintenance, tallies, verdicts

T = TypeVar("T")

TABLES = "".join(
    part.TABLES for part in (answers, events, cameras, maintenance, verdicts, tallies, banks, letters)
)


class Database:
    """The file. Opening it begins anew: what it holds is refilled from the topics at every start, so it
    can never tell of a stream that is no longer there."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        self._writing = _connect(path)
        self._writing.executescript(TABLES)
        self._reading = _connect(path)
        self._reading.execute("PRAGMA query_only = ON")
        self._writer = ThreadPoolExecutor(1, "view-writer")
        self._reader = ThreadPoolExecutor(1, "view-reader")

    async def write(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Run the action in one transaction; all of it is kept, or none."""

        def run() -> T:
            with self._writing:
                self._writing.execute("BEGIN")
                return action(self._writing)

        return await asyncio.get_running_loop().run_in_executor(self._writer, run)

    async def read(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Run the action on one unchanging state of the file."""

        def run() -> T:
            self._reading.execute("BEGIN")
            try:
                return action(self._reading)
            finally:
                self._reading.execute("COMMIT")

        return await asyncio.get_running_loop().run_in_executor(self._reader, run)

    async def close(self) -> None:
        """Finish what was asked, then let the file go."""
        for executor in (self._writer, self._reader):
            await asyncio.to_thread(executor.shutdown)
        self._reading.close()
        self._writing.close()


def _connect(path: Path) -> sqlite3.Connection:
    # Each connection is used by one thread only, but opened and closed by another.
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    # A lost view is refilled, so a power cut may cost it.
    connection.execute("PRAGMA synchronous = OFF")
    # Kibibytes: the indices of a million verdicts stay in memory for the most part.
    connection.execute("PRAGMA cache_size = -65536")
    return connection
