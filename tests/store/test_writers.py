"""How a folder's objects are shared out among threads, as fast as its disk answers."""

import threading
import time
from collections import Counter

import pytest

from service.store.writers import Writers


class Disk:
    """Takes so long for an object; knows how many it had to do at once, and which thread brought how many."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._lock = seconds, threading.Lock()
        self.busy = self.busiest = 0
        self.brought: Counter[str] = Counter()

    def write(self, key: str, data: bytes) -> None:
        with self._lock:
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
            self.brought[threading.current_thread().name] += 1
        time.sleep(self._seconds)
        with self._lock:
            self.busy -= 1


OBJECTS = [(f"frames/{n}", b"x") for n in range(16)]


async def test_a_disk_that_is_slow_to_answer_is_asked_for_many_at_once() -> None:
    disk = Disk(0.05)
    writers = Writers(disk.write)
    for _ in range(4):
        await writers.write(OBJECTS)
    began = time.perf_counter()
    await writers.write(OBJECTS)
    assert time.perf_counter() - began < 0.05 * len(OBJECTS) / 2
    assert disk.busiest == len(OBJECTS)


async def test_a_fast_disk_has_many_from_one_thread() -> None:
    disk = Disk(0)
    await Writers(disk.write).write(OBJECTS)
    assert list(disk.brought.values()) == [len(OBJECTS)]


async def test_what_cannot_be_written_is_raised() -> None:
    def refuse(key: str, data: bytes) -> None:
        raise OSError(f"no room for {key}")

    with pytest.raises(OSError, match="no room for frames/"):
        await Writers(refuse).write(OBJECTS)
