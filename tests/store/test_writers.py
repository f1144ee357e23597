"""How a folder's objects are shared out among threads, as fast as its disk answers."""

import subprocess
import sys
import threading
import time
from collections import Counter

from service.store.writers import Writers

SECONDS = 5.0
OBJECTS = [(f"frames/{n}", b"x") for n in range(16)]
DONE = dict.fromkeys(key for key, _ in OBJECTS)
HANGING = """
import asyncio, time
from service.store.writers import Writers

ended = asyncio.run(Writers(lambda key, data: time.sleep(60)).write([("a", b"x")], 0.1))
print(ended)
"""


class Disk:
    """Takes so long for an object; knows how many it had to do at once, and which thread brought how many."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._lock = seconds, threading.Lock()
        self.busy = self.busiest = 0
        self.brought: Counter[int] = Counter()

    def write(self, key: str, data: bytes) -> None:
        with self._lock:
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
            self.brought[threading.get_ident()] += 1
        time.sleep(self._seconds)
        with self._lock:
            self.busy -= 1


async def test_a_disk_that_is_slow_to_answer_is_asked_for_many_at_once() -> None:
    disk = Disk(0.05)
    writers = Writers(disk.write)
    for _ in range(4):
        await writers.write(OBJECTS, SECONDS)
    began = time.perf_counter()
    assert await writers.write(OBJECTS, SECONDS) == DONE
    assert time.perf_counter() - began < 0.05 * len(OBJECTS) / 2
    assert disk.busiest == len(OBJECTS)


async def test_a_fast_disk_has_many_from_one_thread() -> None:
    disk = Disk(0)
    await Writers(disk.write).write(OBJECTS, SECONDS)
    assert list(disk.brought.values()) == [len(OBJECTS)]


async def test_one_that_cannot_be_written_keeps_no_other_from_it() -> None:
    error = OSError("no room")

    def refuse(key: str, data: bytes) -> None:
        if key == "frames/3":
            raise error

    assert await Writers(refuse).write(OBJECTS, SECONDS) == DONE | {"frames/3": error}


async def test_what_the_disk_does_not_answer_in_time_is_missing_and_what_it_did_is_told() -> None:
    answer = threading.Event()

    def write(key: str, data: bytes) -> None:
        if key not in ("frames/0", "frames/1"):
            answer.wait(10)

    ended = await Writers(write).write(OBJECTS, 0.3)
    answer.set()
    assert ended == {"frames/0": None, "frames/1": None}


async def test_a_disk_that_hangs_is_asked_by_no_more_than_32_threads() -> None:
    disk = Disk(2)
    writers = Writers(disk.write)
    writers._seconds = 10.0
    for _ in range(4):
        assert await writers.write(OBJECTS, 0.1) == {}
    assert disk.busiest == 32


def test_a_disk_that_hangs_keeps_no_process_from_ending() -> None:
    began = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", HANGING], capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("{}\n", "")
    assert time.monotonic() - began < 30
