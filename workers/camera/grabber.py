"""The thread that reads a camera: the newest picture for whoever asks, and the state in which the camera is.

Reconnects by itself, with pauses that grow; a camera that hangs is known by the clock, also where its library
has no time-out.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial

import structlog

from workers.camera.source import Captured, Source, SourceEnded, SourceFault

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_log = structlog.get_logger()


class Grabber:
    """Made and used in an event loop; reads in a thread that ends with ``close``, or with the process where
    a library hangs."""

    def __init__(self, make: Callable[[], Source], told: str, seconds: float) -> None:
        """``told`` is the address as anybody may see it; ``seconds`` may pass without a picture."""
        self._make, self._told, self._seconds = make, told, seconds
        self._loop = asyncio.get_running_loop()
        self._newest: Captured | None = None
        self._came = asyncio.Event()
        self._stop = threading.Event()
        self._alive = time.monotonic()
        self._fault: str | None = "the camera has not given a picture yet"
        self.ended = False
        self.reconnects = 0
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def fault(self) -> str | None:
        """Why there is no picture, in a sentence; None while there are pictures."""
        if self._fault is None and not self.ended and time.monotonic() - self._alive > self._seconds:
            return f"{self._told} has given no picture for {self._seconds:g} s: check it and its network"
        return self._fault

    async def next(self, after: Captured | None) -> Captured | None:
        """The newest picture, once it is another than ``after``; None when there are no more. A cancelled
        call loses nothing."""
        while not self.ended or self._newest is not after:
            if self._newest is not None and self._newest is not after:
                return self._newest
            self._came.clear()
            await self._came.wait()
        return None

    def close(self) -> None:
        """Tell the thread to end. Does not wait for a library that hangs."""
        self._stop.set()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self._read()
            except SourceEnded:
                self._tell(self._end)
                return
            except SourceFault as error:
                sentence = str(error)
            except Exception as error:  # noqa: BLE001 - a library's surprise is a fault of the camera
                sentence = f"{self._told} cannot be read ({type(error).__name__}): check it"
            else:
                return
            # A camera that worked for a while is tried again at once; one that never does, ever more seldom.
            pause = _FIRST_PAUSE if time.monotonic() - began > _LONGEST_PAUSE else pause
            self._tell(partial(self._fail, sentence))
            self._stop.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _read(self) -> None:
        for captured in self._make().pictures():
            if self._stop.is_set():
                return
            self._tell(partial(self._take, captured))

    def _tell(self, action: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(action)
        except RuntimeError:
            # The loop has ended before us: nobody is left to be told.
            self._stop.set()

    def _take(self, captured: Captured) -> None:
        self._newest, self._alive = captured, time.monotonic()
        if self._fault is not None:
            _log.info("camera gives pictures", source=self._told)
            self._fault = None
        self._came.set()

    def _fail(self, sentence: str) -> None:
        if self._fault is None:
            self.reconnects += 1
        if self._fault != sentence:
            _log.warning("camera fault", cause=sentence)
        self._fault = sentence

    def _end(self) -> None:
        self.ended = True
        self._came.set()
