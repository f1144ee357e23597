"""Records that a member has fetched and not yet given."""

from collections import deque
from collections.abc import Container, Iterable

from service.stream.base import Record


class Held:
    """Keeps records in the order of their coming, and gives those of the partitions not paused."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque()

    def keep(self, records: Iterable[Record]) -> None:
        """Take in what was fetched."""
        self._records.extend(records)

    def has_some(self, paused: Container[int]) -> bool:
        """Whether ``give`` would give anything."""
        return any(record.partition not in paused for record in self._records)

    def give(self, max_records: int, paused: Container[int]) -> list[Record]:
        """Take out the next records of partitions that are not paused, at most ``max_records``."""
        given: list[Record] = []
        kept: deque[Record] = deque()
        for record in self._records:
            fits = len(given) < max_records and record.partition not in paused
            (given if fits else kept).append(record)
        self._records = kept
        return given

    def forget(self, partition: int) -> None:
        """Drop a partition's records, before a seek."""
        self._records = deque(record for record in self._records if record.partition != partition)

    def clear(self) -> None:
        """Drop all, when the assignment changes."""
        self._records.clear()
