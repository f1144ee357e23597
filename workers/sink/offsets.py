"""The partitions that a sink reads: what of each is told, and where a new assignment begins."""

from collections.abc import Mapping

from service.stream.base import Member
from service.stream.watermark import Watermark


class Offsets:
    """Counts records of one assignment from read to told. Used from one event loop."""

    def __init__(self, backlog: int) -> None:
        self._backlog = backlog
        self._marks: dict[int, Watermark] = {}
        self._committed: dict[int, int] = {}
        self.generation = -1

    @property
    def crowded(self) -> frozenset[int]:
        """The partitions with as many records untold as may wait."""
        return frozenset(p for p, mark in self._marks.items() if mark.ahead >= self._backlog)

    def begin(self, starts: Mapping[int, int], generation: int) -> None:
        """A new assignment; each partition goes on from an offset."""
        self._marks = {partition: Watermark(offset) for partition, offset in starts.items()}
        self._committed = {}
        self.generation = generation

    def read(self, partition: int, offset: int) -> None:
        """A record came."""
        self._marks[partition].fetched(offset)

    def told(self, partition: int, offset: int, generation: int) -> None:
        """The counterpart accepted it, or nobody is to be told of it. What belongs to an earlier assignment
        is left to whoever has it now."""
        if generation == self.generation:
            self._marks[partition].finished(offset)

    async def commit(self, member: Member) -> None:
        """Commit what moved since the last time. Raises ``StreamError``; trying again is safe."""
        positions = {partition: mark.position for partition, mark in self._marks.items()}
        news = {p: offset for p, offset in positions.items() if self._committed.get(p) != offset}
        if news and await member.commit(news, generation=self.generation):
            self._committed.update(news)
