"""The process that workers are forked from: it has imported everything and computes nothing.

To import torch, timm and FAISS takes most of the seconds that a worker needs to start, and a frame that kills
workers makes us start several. What is forked has imported already. Nothing may be computed here: threads do
not survive a fork. Requests come over a socket that keeps messages apart, each with the worker's end of its
pipe; answers are lines, PID at its birth and PID STATUS at its end.
"""

import contextlib
import os
import select
import signal
import socket

import structlog

from service.settings import Settings
from workers.extraction.program import run_worker

MAX_REQUEST_BYTES = 2**16
_log = structlog.get_logger()


def main(arguments: list[str]) -> None:
    """``python -m workers.extraction DESCRIPTOR``: started by an owner, never by hand. Returns when the owner
    closes its end."""
    (descriptor,) = arguments
    # An owner that is gone reads no answers: there is nobody left to work for.
    with socket.socket(fileno=int(descriptor)) as owner, contextlib.suppress(BrokenPipeError):
        ForkServer(owner).serve()


class ForkServer:
    """Forks a worker for each request, and tells of their ends."""

    def __init__(self, owner: socket.socket) -> None:
        self._owner = owner
        self._wake, woken = socket.socketpair()
        self._woken = woken
        for end in (self._wake, woken):
            end.setblocking(False)

    def serve(self) -> None:
        """Until the owner's end is closed."""
        # A signal without a handler of ours would not wake us.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        while True:
            readable, _, _ = select.select([self._owner, self._woken], [], [])
            if self._woken in readable:
                self._woken.recv(4096)
                self._reap()
            if self._owner in readable:
                request, descriptors, _, _ = socket.recv_fds(self._owner, MAX_REQUEST_BYTES, 1)
                if not request:
                    return
                self._fork(request, descriptors[0])

    def _fork(self, request: bytes, descriptor: int) -> None:
        pid = os.fork()
        if pid == 0:
            self._be_worker(request, descriptor)
        os.close(descriptor)
        self._owner.send(f"{pid}".encode())

    def _be_worker(self, request: bytes, descriptor: int) -> None:
        """Never returns: the frames above are another process's."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for end in (self._owner, self._wake, self._woken):
                end.close()
            run_worker(socket.socket(fileno=descriptor), Settings.model_validate_json(request))
        except Exception:  # noqa: BLE001 - told here, and its owner sees the pipe end
            _log.exception("extraction worker could not start")
        finally:
            os._exit(1)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._owner.send(f"{pid} {os.waitstatus_to_exitcode(status)}".encode())
