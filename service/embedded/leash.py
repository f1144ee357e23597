"""Runs one command and ends it when our standard input closes: then its owner stopped it, or died.

Run as a script, from the standard library alone: ``python leash.py COMMAND...``. It has one thread, so it may
also ask Linux to kill the command should the leash itself be killed.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable

GRACE_SECONDS = 5.0
LOOK_SECONDS = 0.2
PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> int:
    """Run the command to its end, or to the end of our input, whichever is first."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    parent = os.getppid()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_in_the_child())
    while child.poll() is None:
        if _let_go(parent):
            _end(child)
    return child.returncode


def _let_go(parent: int) -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], LOOK_SECONDS)
    return os.getppid() != parent or (bool(readable) and not os.read(sys.stdin.fileno(), 64))


def _end(child: "subprocess.Popen[bytes]") -> None:
    # Tansu ignores SIGTERM; both it and Valkey stop in order at SIGINT.
    child.send_signal(signal.SIGINT)
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _in_the_child() -> Callable[[], None]:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        for restored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(restored, signal.SIG_DFL)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return prepare


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
