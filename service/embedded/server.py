"""One child server on a free loopback port, from its start until nothing of it is left."""

import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from service.embedded import leash

HOST = "127.0.0.1"
START_SECONDS = 20.0
STOP_SECONDS = leash.GRACE_SECONDS + 3.0
# A free port may be taken between our asking for it and the server's binding it.
PORT_ATTEMPTS = 3


class EmbeddedError(Exception):
    """An embedded server is not installed or did not start; the sentence names it and the remedy."""


class EmbeddedServer(ABC):
    """A server in a child process, for loopback only. Blocks while it starts and stops; ends also when this
    process dies, however it dies. A context manager, or ``start`` and ``stop``."""

    name: str
    port: int = 0

    def __init__(self) -> None:
        self._leash: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self, port: int, folder: Path) -> list[str]:
        """The command line; ``folder`` is empty and goes when the server stops."""

    @abstractmethod
    def answers(self, port: int) -> bool:
        """Whether the server on this port answers a request of its protocol; ``OSError`` means no."""

    def start(self) -> None:
        """Start, and wait until it answers: where it was before, if that port is still free, since its
        clients know no other. Raises ``EmbeddedError`` with the end of its log."""
        if self._leash is not None:
            raise EmbeddedError(f"{self.name} is already running on {HOST}:{self.port}: stop it first")
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self._spawn(self.port if attempt == 1 and self.port else free_port())
            if self._wait():
                return
            tail = self._tail()
            self.stop()
            if attempt == PORT_ATTEMPTS:
                raise EmbeddedError(f"{self.name} did not start: see the end of its log: {tail}")

    def stop(self) -> None:
        """Stop in order, by force where that fails, and wait until the process is gone."""
        child, self._leash = self._leash, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # Killing the leash kills its command where the system can; its group is the rest.
            os.killpg(child.pid, 9)
            child.wait()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(self, port: int) -> None:
        self.port = port
        self._folder = tempfile.TemporaryDirectory(prefix=f"patchline-{self.name}-")
        try:
            self._launch(port, Path(self._folder.name))
        except BaseException:
            self._folder.cleanup()
            raise

    def _launch(self, port: int, folder: Path) -> None:
        data = folder / "data"
        data.mkdir()
        with (folder / "log").open("wb") as log:
            self._leash = subprocess.Popen(
                [sys.executable, "-I", "-S", leash.__file__, *self.command(port, data)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A Ctrl-C in the terminal is for us: we stop it when we are done with it.
                start_new_session=True,
            )

    def _wait(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._running:
            try:
                if self.answers(self.port) and self._running:
                    return True
            except OSError:
                pass  # It is not listening yet.
            time.sleep(0.02)
        return False

    @property
    def _running(self) -> bool:
        return self._leash is not None and self._leash.poll() is None

    def _tail(self) -> str:
        return Path(self._folder.name, "log").read_text(errors="replace")[-400:].strip()


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def ask(port: int, request: bytes, length: int) -> bytes:
    """Send a request to a loopback port and give the first bytes of the answer, fewer at its end."""
    with socket.create_connection((HOST, port), timeout=1) as connection:
        connection.settimeout(1)
        connection.sendall(request)
        return connection.recv(length)


def wheel_folder(module: str, server: str) -> Path:
    """The folder of an installed wheel. Raises ``EmbeddedError`` when it is not installed."""
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise EmbeddedError(f"{server} is not installed: pip install 'patchline[demo]'")
    return Path(found.origin).parent
