"""The threads that write a folder's objects, many by each."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence

_THREADS = 32
_TURN_SECONDS = 0.02
_SMOOTHING = 0.2
_FIRST_SECONDS = 1e-3
_Object = tuple[str, bytes]
Outcome = BaseException | None
"""Of a write that came to an end: what it raised, if anything."""


class Writers:
    """Of one folder, used from one event loop. Each thread takes as many objects as were lately written in a
    turn: a hop between threads for every file takes twice what the file takes that goes to a disk's cache
    (.28 ms of the processor's for one of 100 kB, .08 without), and a disk that is slow to answer is asked for
    many at once. Threads that a disk never answers keep their places of 32, and nobody from ending."""

    def __init__(self, write: Callable[[str, bytes], None]) -> None:
        self._write = write
        self._places = asyncio.Semaphore(_THREADS)
        self._seconds = _FIRST_SECONDS

    async def write(self, objects: Sequence[_Object], seconds: float) -> Mapping[str, Outcome]:
        """What became of the objects, each tried once; of those that are missing nothing was heard in so many
        seconds, and they may yet be written."""
        ended: dict[str, Outcome] = {}
        several = max(1, int(_TURN_SECONDS / self._seconds))
        shares = [objects[start : start + several] for start in range(0, len(objects), several)]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(self._by_a_thread(share, ended) for share in shares))
        return dict(ended)

    async def _by_a_thread(self, share: Sequence[_Object], ended: dict[str, Outcome]) -> None:
        await self._places.acquire()
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            self._places.release()
            done.set()

        def work() -> None:
            self._write_each(share, ended)
            with contextlib.suppress(RuntimeError):  # The loop may be closed by the time a disk answers.
                loop.call_soon_threadsafe(tell)

        # A daemon: an executor's thread would keep a process that wants to end for as long as the disk hangs.
        threading.Thread(target=work, name="store", daemon=True).start()
        await done.wait()

    def _write_each(self, share: Sequence[_Object], ended: dict[str, Outcome]) -> None:
        began = time.perf_counter()
        for key, data in share:
            try:
                self._write(key, data)
            except BaseException as error:  # noqa: BLE001  # told to whoever waits for it
                ended[key] = error
            else:
                ended[key] = None
        took = (time.perf_counter() - began) / len(share)
        self._seconds += _SMOOTHING * (took - self._seconds)
