"""Watches the offsets that the inspectors have committed, from outside."""

import threading
import time
from itertools import pairwise
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaException, TopicPartition

from tests.faults.clients import QUIET
from tests.faults.load import PARTITIONS

LOOK_SECONDS = 0.1
Offsets = dict[int, int]


class Commits:
    """Samples of (moment, committed offset by partition) while the block runs. A context manager."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        self._consumer = Consumer({**QUIET, "bootstrap.servers": bootstrap, "group.id": group})
        self._places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        self.samples: list[tuple[float, Offsets]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commits", daemon=True)

    def now(self) -> Offsets:
        """What is committed now; -1 where nothing is. Raises ``KafkaException``."""
        found = self._consumer.committed(self._places, timeout=10)
        return {place.partition: max(place.offset, -1) for place in found}

    def ends(self) -> Offsets:
        """The ends of the partitions."""
        return {p.partition: self._consumer.get_watermark_offsets(p, timeout=10)[1] for p in self._places}

    def drained(self, seconds: float = 180.0) -> None:
        """Return when all that was sent is committed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ends, committed = self.ends(), self.now()
            if all(end in (0, committed[number]) for number, end in ends.items()):
                return
            time.sleep(0.2)
        raise AssertionError(f"committed {self.now()} of {self.ends()} within {seconds} s")

    def recovery(self, since: float, seconds: float = 120.0) -> float:
        """Seconds from a moment (monotonic) until every partition's offset has moved again."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            moved = [self._moved(number, since) for number in range(PARTITIONS)]
            found = [moment for moment in moved if moment is not None]
            if len(found) == PARTITIONS:
                return max(found) - since
            time.sleep(LOOK_SECONDS)
        raise AssertionError(f"nothing moved for {seconds} s: {self.samples[-1:]}")

    def never_went_back(self) -> bool:
        """Whether no older offset was ever committed."""
        offsets = [sample for _, sample in self.samples]
        pairs = pairwise(offsets)
        return all(before[number] <= after[number] for before, after in pairs for number in before)

    def longest_stall(self, begin: float, end: float) -> float:
        """The longest time in which a partition's offset stood still."""
        return max(self._stall(number, begin, end) for number in range(PARTITIONS))

    def _stall(self, number: int, begin: float, end: float) -> float:
        moments, last = [begin], None
        for moment, sample in list(self.samples):
            if begin <= moment <= end and sample[number] != last:
                moments.append(moment)
                last = sample[number]
        moments.append(end)
        return max(after - before for before, after in pairwise(moments))

    def _moved(self, number: int, since: float) -> float | None:
        samples = list(self.samples)
        before = max((sample[number] for moment, sample in samples if moment <= since), default=-1)
        return next((m for m, sample in samples if m > since and sample[number] > before), None)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self.samples.append((time.monotonic(), self.now()))
            except KafkaException:
                continue  # A broker that is away tells nothing; the next look does.

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()
