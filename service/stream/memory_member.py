"""A group member and a reader in memory."""

from collections.abc import Iterable, Mapping, Sequence

from service.stream.base import AssignmentListener, Record
from service.stream.memory_group import MemoryGroup
from service.stream.memory_topic import MemoryTopic


class MemoryMember:
    """A member of the port."""

    def __init__(self, topic: MemoryTopic, group: MemoryGroup, listener: AssignmentListener | None) -> None:
        self._topic = topic
        self._group = group
        self._listener = listener
        self._generation = 0
        self._assignment: frozenset[int] = frozenset()
        self._settled = False
        self._paused: set[int] = set()
        self._positions: dict[int, int] = {}
        self._closed = False

    @property
    def generation(self) -> int:
        """See the port."""
        return self._generation

    @property
    def assignment(self) -> frozenset[int]:
        """See the port."""
        return self._assignment

    async def poll(self, *, timeout_ms: int, max_records: int) -> Sequence[Record]:
        """See the port. A member that was expelled joins again here, as Kafka's heartbeat would tell it."""
        if not self._closed and not self._group.has(self):
            await self.revoked()
            await self._group.join(self)
        return await self._topic.wait_for(lambda: self._read(max_records), timeout_ms)

    def pause(self, partitions: Iterable[int]) -> None:
        """See the port."""
        self._paused.update(partitions)

    def resume(self, partitions: Iterable[int]) -> None:
        """See the port."""
        self._paused.difference_update(partitions)
        self._topic.announce()

    def seek(self, partition: int, offset: int) -> None:
        """See the port."""
        if partition in self._assignment:
            self._positions[partition] = offset

    async def commit(self, offsets: Mapping[int, int], *, generation: int) -> bool:
        """See the port."""
        ours = offsets.keys() <= self._assignment
        if generation != self._generation or not ours or not self._group.has(self):
            return False
        self._group.committed.update(offsets)
        return True

    async def committed(self, partition: int) -> int | None:
        """See the port."""
        return self._group.committed.get(partition)

    async def end_offsets(self) -> Mapping[int, int]:
        """See the port."""
        return {number: self._topic.logs[number].end for number in sorted(self._assignment)}

    async def close(self) -> None:
        """See the port."""
        self._closed = True
        self._drop()
        await self._group.leave(self)

    async def revoked(self) -> None:
        """Told by the group: all partitions go, before they are shared anew."""
        before = self._assignment
        self._drop()
        if before and self._listener is not None:
            await self._listener.partitions_revoked(before)

    async def assigned(self, partitions: frozenset[int]) -> None:
        """Told by the group: these are ours, from their committed offsets on."""
        self._generation += 1
        self._assignment = partitions
        self._paused &= partitions
        committed = self._group.committed
        self._positions = {number: committed.get(number, 0) for number in partitions}
        if self._listener is not None:
            await self._listener.partitions_assigned(partitions)
        self._settled = True
        self._topic.announce()

    def _drop(self) -> None:
        self._generation += 1
        self._assignment = frozenset()
        self._settled = False

    def _read(self, max_records: int) -> Sequence[Record]:
        if not self._settled:
            return ()
        return self._topic.read(self._positions, self._assignment - self._paused, max_records)


class MemoryReader:
    """A reader of the port."""

    def __init__(self, topic: MemoryTopic, partitions: frozenset[int], *, at_end: bool) -> None:
        self._topic = topic
        logs = {number: topic.logs[number] for number in sorted(partitions)}
        self._positions = {number: log.end if at_end else log.first for number, log in logs.items()}

    async def bounds(self) -> Mapping[int, tuple[int, int]]:
        """See the port."""
        logs = {number: self._topic.logs[number] for number in self._positions}
        return {number: (log.first, log.end) for number, log in logs.items()}

    def seek(self, partition: int, offset: int) -> None:
        """See the port."""
        self._positions[partition] = offset

    async def poll(self, *, timeout_ms: int, max_records: int) -> Sequence[Record]:
        """See the port."""
        everything = frozenset(self._positions)
        return await self._topic.wait_for(
            lambda: self._topic.read(self._positions, everything, max_records), timeout_ms
        )

    async def close(self) -> None:
        """See the port."""
