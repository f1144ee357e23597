"""The child process: a reader of the pipe, one thread that owns the device, one that builds banks."""

import os
import queue
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from service.backbones.runtime import Runtime
from service.settings import Settings
from service.telemetry.logs import configure_logs
from workers.extraction import protocol
from workers.extraction.engine import Engine, share_threads
from workers.extraction.entry import Candidate
from workers.extraction.no_engine import NoEngine

_log = structlog.get_logger()
Work = Callable[[], protocol.Answer | None]


class Program:
    """Reads requests until the pipe closes. Scoring goes on while a bank is being built."""

    def __init__(
        self, pipe: socket.socket, engine: Engine, device: str, share: Callable[[], None] = lambda: None
    ) -> None:
        """``share`` gives a thread its budget of threads: FAISS keeps one for each thread that asks."""
        self._pipe, self._engine, self._device = pipe, engine, device
        self._writing = threading.Lock()
        self._work: queue.SimpleQueue[Work] = queue.SimpleQueue()
        self._builder = ThreadPoolExecutor(1, thread_name_prefix="builder", initializer=share)

    def run(self) -> None:
        """Returns never: the process ends when its owner closes the pipe."""
        threading.Thread(target=self._read, name="pipe", daemon=True).start()
        self._send(protocol.Ready(0, self._device))
        while True:
            answer = self._work.get()()
            if answer is not None:
                self._send(answer)

    def _read(self) -> None:
        try:
            with self._pipe.makefile("rb") as stream:
                while prefix := stream.read(protocol.PREFIX_BYTES):
                    body = stream.read(int.from_bytes(prefix, "big"))
                    self._dispatch(protocol.parse_request(body))
        finally:
            # The owner is gone, or speaks another language: nobody is left to answer.
            os._exit(0)

    def _dispatch(self, request: protocol.Request) -> None:
        if isinstance(request, protocol.Load):
            self._builder.submit(self._build, request)
        else:
            if isinstance(request, protocol.Score):
                self._engine.expect(request.frames)
            self._work.put(partial(self._answer, request))

    def _build(self, request: protocol.Load) -> None:
        try:
            built = self._engine.load(request)
        except Exception as error:  # noqa: BLE001 - whatever it was, the owner hears of it
            built = protocol.Failed(request.request, repr(error))
        if isinstance(built, protocol.Refused | protocol.Failed):
            self._send(built)
            return
        self._work.put(partial(self._install, request, built))

    def _install(self, request: protocol.Load, candidate: Candidate) -> protocol.Answer:
        try:
            return self._engine.install(request, candidate)
        except Exception as error:  # noqa: BLE001 - whatever it was, the owner hears of it
            candidate.entry.close()
            _log.exception("golden frames could not be scored", line=candidate.entry.activation.line)
            return protocol.Failed(request.request, f"{type(error).__name__}: {error}"[:500])

    def _answer(self, request: protocol.Request) -> protocol.Answer:
        try:
            return self._carry_out(request)
        except Exception as error:  # noqa: BLE001 - whatever it was, the owner hears of it
            _log.exception("request failed", request=type(request).__name__)
            return protocol.Failed(request.request, f"{type(error).__name__}: {error}"[:500])

    def _carry_out(self, request: protocol.Request) -> protocol.Answer:
        if isinstance(request, protocol.Score):
            outcomes = self._engine.score(request.frames)
            return protocol.Scored(request.request, outcomes, self._engine.seconds())
        if isinstance(request, protocol.Extract):
            return self._engine.extract(request)
        if isinstance(request, protocol.Drop):
            self._engine.drop(request.line)
        else:
            self._engine.probe()
        return protocol.Loaded(request.request)

    def _send(self, answer: protocol.Answer) -> None:
        with self._writing:
            self._pipe.sendall(protocol.frame(answer))


def run_worker(pipe: socket.socket, settings: Settings) -> None:
    """Returns never."""
    configure_logs(settings.telemetry, "extraction")
    share = partial(share_threads, settings.engine.threads, os.cpu_count() or 1)
    share()
    engine = (NoEngine if settings.engine.runtime is Runtime.NONE else Engine)(settings)
    Program(pipe, engine, settings.engine.device, share).run()
