"""The threads that write a folder's objects, many by each."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

_THREADS = 32
_TURN_SECONDS = 0.02
_SMOOTHING = 0.2
_FIRST_SECONDS = 1e-3
_Object = tuple[str, bytes]


class Writers:
    """Of one folder. Each takes as many objects as were lately written in a turn: a hop between threads for
    every file takes twice what the file takes that goes to a disk's cache (.28 ms of the processor's for one
    of 100 kB, .08 without), and a disk that is slow to answer is asked for many at once."""

    def __init__(self, write: Callable[[str, bytes], None]) -> None:
        self._write = write
        self._pool = ThreadPoolExecutor(_THREADS, "store")
        self._seconds = _FIRST_SECONDS

    async def write(self, objects: Sequence[_Object]) -> None:
        """Raises the first that ``write`` of an object raises; others may yet be written then."""
        several = max(1, int(_TURN_SECONDS / self._seconds))
        shares = [objects[start : start + several] for start in range(0, len(objects), several)]
        run = asyncio.get_running_loop().run_in_executor
        await asyncio.gather(*(run(self._pool, self._write_some, share) for share in shares))

    def _write_some(self, objects: Sequence[_Object]) -> None:
        began = time.perf_counter()
        for key, data in objects:
            self._write(key, data)
        took = (time.perf_counter() - began) / len(objects)
        self._seconds += _SMOOTHING * (took - self._seconds)
