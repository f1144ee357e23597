"""A program as a real process: with an environment of its own, its output kept, never left behind."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from service.embedded import leash
from service.embedded.server import HOST, STOP_SECONDS


class Program:
    """One process, begun by ``start`` or ``with``; ends with the test run, however that ends."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        self._command = list(command)
        self._env = {**os.environ, **(env or {})}
        self._cwd = cwd
        self._leash: subprocess.Popen[bytes] | None = None

    @classmethod
    def ours(cls, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> "Program":
        """One of our programs: ``python -m module arguments``."""
        return cls([sys.executable, "-m", module, *arguments], env=env)

    def start(self) -> Self:
        """Start it, not waiting for anything."""
        self._folder = tempfile.TemporaryDirectory(prefix="patchline-program-")
        with self._log.open("wb") as log:
            self._leash = subprocess.Popen(
                [sys.executable, "-I", "-S", leash.__file__, *self._command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._env,
                cwd=self._cwd,
                start_new_session=True,
            )
        return self

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._leash is not None and self._leash.poll() is None

    @property
    def pid(self) -> int:
        """The program's own process id, not its leash's."""
        return self._process().pid

    def output(self) -> str:
        """All that it has written so far, to both streams."""
        return self._log.read_text(errors="replace")

    def wait_for_line(self, text: str, seconds: float = 20.0) -> str:
        """The first line of output that contains the text."""
        return self._wait(lambda: _line(self.output(), text), f"a line with {text!r}", seconds)

    def wait_for_port(self, port: int, seconds: float = 20.0) -> None:
        """Return when something listens on the loopback port."""
        self._wait(lambda: "listens" if _listens(port) else None, f"port {port}", seconds)

    def wait(self, seconds: float = 20.0) -> int:
        """Its exit status, negative for a signal."""
        assert self._leash is not None
        status = self._leash.wait(seconds)
        return status if status < 128 else status - 256

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, such as SIGTERM or SIGKILL."""
        self._process().send_signal(number)

    def freeze(self) -> None:
        """Stop it where it stands, as a machine that hangs."""
        process = self._process()
        process.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + 5
        while process.status() != psutil.STATUS_STOPPED and time.monotonic() < deadline:
            time.sleep(0.005)

    def thaw(self) -> None:
        """Let it go on."""
        self.signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it by SIGINT, past a grace by SIGKILL, and forget its output."""
        child, self._leash = self._leash, None
        if child is None:
            return
        assert child.stdin is not None
        child.stdin.close()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _log(self) -> Path:
        return Path(self._folder.name, "log")

    def _process(self) -> psutil.Process:
        assert self._leash is not None
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            children = psutil.Process(self._leash.pid).children()
            if children:
                return children[0]
            time.sleep(0.01)
        raise AssertionError(f"{self._command[0]} has ended: {self.output()[-2000:]}")

    def _wait(self, look: Callable[[], str | None], what: str, seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended = not self.running
            if (found := look()) is not None:
                return found
            if ended:
                break
            time.sleep(0.02)
        raise AssertionError(f"{self._command} gave no {what} within {seconds} s: {self.output()[-2000:]}")


def _line(output: str, text: str) -> str | None:
    return next((line for line in output.splitlines() if text in line), None)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
