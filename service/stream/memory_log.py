"""One partition in memory: records by offset, the oldest dropped past a bound of bytes."""

import time
from collections import deque
from collections.abc import Sequence

from schemas.frame import Headers
from service.stream.base import Placed, Record


class MemoryLog:
    """The log of one partition. ``max_bytes`` None keeps all."""

    def __init__(self, topic: str, partition: int, max_bytes: int | None) -> None:
        self._topic = topic
        self._partition = partition
        self._max_bytes = max_bytes
        self._records: deque[Record] = deque()
        self._bytes = 0
        self.first = 0

    @property
    def end(self) -> int:
        """The next offset to be written."""
        return self.first + len(self._records)

    def append(self, key: bytes | None, value: bytes | None, headers: Headers) -> Placed:
        """Write a record at the end."""
        stamp = time.time_ns() // 1_000_000
        placed = Placed(self._partition, self.end, stamp)
        self._records.append(
            Record(self._topic, self._partition, placed.offset, stamp, key, value, tuple(headers))
        )
        self._bytes += _size(self._records[-1])
        self._expire()
        return placed

    def read(self, offset: int, count: int) -> Sequence[Record]:
        """At most ``count`` records from ``offset`` on; from the first kept where that has expired."""
        begin = max(offset, self.first) - self.first
        return [self._records[index] for index in range(begin, min(begin + count, len(self._records)))]

    def _expire(self) -> None:
        while self._max_bytes is not None and self._bytes > self._max_bytes and len(self._records) > 1:
            self._bytes -= _size(self._records.popleft())
            self.first += 1


def _size(record: Record) -> int:
    return len(record.key or b"") + len(record.value or b"")
