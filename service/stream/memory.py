"""The port in memory: a real broker for tests and for everything in one process."""

from collections.abc import Mapping, Sequence

from schemas.frame import Headers
from schemas.topics import TopicSpec
from service.settings import KafkaSettings
from service.stream.base import (
    AssignmentListener,
    Member,
    Placed,
    Producer,
    Reader,
    StreamError,
    wanted_partitions,
)
from service.stream.memory_group import MemoryGroup
from service.stream.memory_member import MemoryMember, MemoryReader
from service.stream.memory_topic import MemoryTopic
from service.stream.topic_check import TopicState, complaints

PARTITION_BYTES = 256 * 2**20


class MemoryProducer:
    """A producer of the port: what it sends is in the log at once."""

    def __init__(self, broker: "MemoryBroker") -> None:
        self._broker = broker

    async def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> Placed:
        """See the port."""
        if key is None and value is None:
            raise ValueError(f"a record for {topic} needs a key or a value: send an empty value")
        target = self._broker.topic(topic)
        number = target.choose(key) if partition is None else partition
        if not 0 <= number < len(target.logs):
            raise StreamError(f"topic {topic} has no partition {number}: it has {len(target.logs)}")
        self._broker.refuse_large(topic, key, value)
        placed = target.logs[number].append(key, value, headers)
        target.announce()
        return placed

    async def close(self) -> None:
        """See the port."""


class MemoryBroker:
    """An installation's broker inside this process and this event loop; gone with it."""

    def __init__(
        self, settings: KafkaSettings | None = None, *, partition_bytes: int = PARTITION_BYTES
    ) -> None:
        self._settings = settings or KafkaSettings()
        self._partition_bytes = partition_bytes
        self._topics: dict[str, MemoryTopic] = {}
        self._groups: dict[tuple[str, str], MemoryGroup] = {}
        self._members: list[MemoryMember] = []

    async def create_topics(
        self, specs: Mapping[str, TopicSpec], *, partitions: int, replication: int
    ) -> None:
        """See the port; there is one replica, whatever is asked."""
        for name, spec in specs.items():
            if name not in self._topics:
                self._topics[name] = MemoryTopic(name, spec, partitions, self._partition_bytes)

    async def check_topics(self, specs: Mapping[str, TopicSpec]) -> Sequence[str]:
        """See the port."""
        return complaints(specs, {name: _state(topic) for name, topic in self._topics.items()})

    async def partitions(self, topic: str) -> int:
        """See the port."""
        return len(self.topic(topic).logs)

    async def producer(self) -> Producer:
        """See the port."""
        return MemoryProducer(self)

    async def join(self, topic: str, group: str, listener: AssignmentListener | None = None) -> Member:
        """See the port."""
        target = self.topic(topic)
        shared = self._groups.setdefault((topic, group), MemoryGroup(len(target.logs)))
        member = MemoryMember(target, shared, listener)
        self._members.append(member)
        await shared.join(member)
        return member

    async def reader(
        self, topic: str, *, at_end: bool = False, partitions: frozenset[int] | None = None
    ) -> Reader:
        """See the port."""
        target = self.topic(topic)
        return MemoryReader(target, wanted_partitions(topic, len(target.logs), partitions), at_end=at_end)

    async def committed(self, topic: str, group: str) -> Mapping[int, int | None]:
        """See the port."""
        shared = self._groups.get((topic, group))
        committed = {} if shared is None else shared.committed
        return {number: committed.get(number) for number in range(len(self.topic(topic).logs))}

    async def close(self) -> None:
        """See the port."""
        while self._members:
            await self._members.pop().close()

    async def expel(self, member: Member) -> None:
        """Take a member for dead, as a broker does past the session timeout: it is not told, its partitions
        go to the others, and its commits are refused until it polls and so joins again."""
        for group in self._groups.values():
            if isinstance(member, MemoryMember) and group.has(member):
                await group.leave(member)

    def topic(self, name: str) -> MemoryTopic:
        """A topic; raises ``StreamError`` when it does not exist."""
        if name not in self._topics:
            raise StreamError(f"topic {name} does not exist in memory: create it first")
        return self._topics[name]

    def refuse_large(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Raise ``StreamError`` for a record that Kafka would not take."""
        size = len(key or b"") + len(value or b"")
        if size > self._settings.max_message_bytes:
            raise StreamError(
                f"a record of {size} bytes for {topic} is too large: send it by reference, or raise "
                "PATCHLINE_KAFKA__MAX_MESSAGE_BYTES"
            )


def _state(topic: MemoryTopic) -> TopicState:
    return TopicState(
        len(topic.logs), {"retention.ms": str(topic.spec.retention_ms), "cleanup.policy": "delete"}
    )
