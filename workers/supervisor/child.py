"""One program as a child on a leash: it ends with us, however we end."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from service.embedded import leash


@dataclass(frozen=True, slots=True)
class Errand:
    """A program to keep running: its name, its command line, its environment, and the file that its output
    is added to instead of ours."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    log: Path | None = None


class Child:
    """A running process; its output goes where ours goes, unless its errand names a file."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, errand: Errand) -> "Child":
        """Start it. Raises ``OSError`` when the system starts no more processes, or there is no such log."""
        with errand.log.open("ab") if errand.log else nullcontext() as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", leash.__file__, *errand.command),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=errand.environment,
                # Signals of the terminal are for us, who pass them on in order.
                start_new_session=True,
            )
        return cls(process)

    @property
    def pid(self) -> int:
        """The process id of its leash, whose child it is."""
        return self._process.pid

    async def ended(self) -> int:
        """Wait for its end: the exit code, negative for a signal."""
        code = await self._process.wait()
        return code - 256 if code > 128 else code

    async def stop(self, seconds: float) -> int:
        """Ask it to end, and past the time make it; its exit code."""
        if self._process.returncode is None:
            # The leash ignores it, its command does not, and what that started has a session of its own.
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(seconds):
                return await self.ended()
        except TimeoutError:
            if self._process.stdin is not None:
                self._process.stdin.close()
            return await self.ended()
