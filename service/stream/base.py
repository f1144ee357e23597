"""The port to a broker: producers, group members and plain readers. Kafka and memory stand behind it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.frame import Headers
from schemas.topics import TopicSpec


class StreamError(Exception):
    """The broker refused or could not be reached; the sentence names it and the remedy."""


class DeliveryError(StreamError):
    """A record was not acknowledged within the deadline; it may or may not be in the log."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the broker keeps it. ``timestamp_ms`` is the broker's or producer's, UTC.

    ``unreadable`` says why the client could not read it; then key, value and headers are absent.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    unreadable: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an acknowledged record lies."""

    partition: int
    offset: int
    timestamp_ms: int


class Producer(Protocol):
    """Writes records, each acknowledged by all in-sync replicas before ``send`` returns."""

    async def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> Placed:
        """Write one record and wait for its acknowledgement; records of one partition keep the order of
        the calls. Without ``partition`` the key chooses it. Raises ``DeliveryError`` past the deadline,
        ``StreamError`` for a missing topic or a record that is too large, and ``ValueError`` when key
        and value are both None."""
        ...

    async def close(self) -> None:
        """Deliver what is under way, then let go."""
        ...


class AssignmentListener(Protocol):
    """Told of every change of a member's partitions. Must not raise, must not poll, and returns well
    within the session timeout: the whole group waits for it."""

    async def partitions_revoked(self, partitions: frozenset[int]) -> None:
        """These partitions are leaving, and are no longer in ``assignment``: nothing fetched from them may
        be committed any longer. Never called with an empty set, nor by ``close``."""
        ...

    async def partitions_assigned(self, partitions: frozenset[int]) -> None:
        """These partitions are now ours, from their committed offsets on; perhaps none. What is kept and
        what is gained are not told apart: every rebalance revokes all partitions first."""
        ...


class Member(Protocol):
    """A member of a consumer group on one topic. One task polls; offsets are committed explicitly."""

    @property
    def generation(self) -> int:
        """A counter raised at every revocation and every assignment."""
        ...

    @property
    def assignment(self) -> frozenset[int]:
        """The partitions that are ours now."""
        ...

    async def poll(self, *, timeout_ms: int, max_records: int) -> Sequence[Record]:
        """The next records of the partitions that are not paused, at most ``max_records``, in order
        within a partition; empty after ``timeout_ms``, also while the group rebalances. Every record
        returned belongs to the ``generation`` seen right after. Keep calling it, even with nothing
        assigned or all paused, or the group drops us. A cancelled poll loses no record. After a
        ``StreamError`` close this member and join again."""
        ...

    def pause(self, partitions: Iterable[int]) -> None:
        """Give nothing more from these until ``resume``; kept over a rebalance for those that stay ours.
        What was fetched ahead is kept, so pausing and resuming costs no traffic."""
        ...

    def resume(self, partitions: Iterable[int]) -> None:
        """Give records of these again at the next ``poll``, from the first that it has not yet given."""
        ...

    def seek(self, partition: int, offset: int) -> None:
        """Give the records from ``offset`` on (again); a partition that is not ours is left alone."""
        ...

    async def commit(self, offsets: Mapping[int, int], *, generation: int) -> bool:
        """Commit the next offset to read of each partition. False when the assignment has changed since
        ``generation``, a partition is not ours, or the group has fenced us: nothing is committed then, or
        only what was rightly sent before the change. Raises ``StreamError`` when the broker does not
        answer within the deadline; committing again is safe."""
        ...

    async def committed(self, partition: int) -> int | None:
        """The group's committed offset of a partition, None before the first commit."""
        ...

    async def end_offsets(self) -> Mapping[int, int]:
        """The next offset to be written, of each assigned partition."""
        ...

    async def close(self) -> None:
        """Leave the group without committing."""
        ...


class Reader(Protocol):
    """Reads a topic without a group, from offsets of the caller's choice."""

    async def bounds(self) -> Mapping[int, tuple[int, int]]:
        """First offset still kept and next offset to be written, of each partition."""
        ...

    def seek(self, partition: int, offset: int) -> None:
        """Go on from ``offset`` in a partition."""
        ...

    async def poll(self, *, timeout_ms: int, max_records: int) -> Sequence[Record]:
        """The next records, in order within a partition; empty after ``timeout_ms``."""
        ...

    async def close(self) -> None:
        """Let go."""
        ...


class Broker(Protocol):
    """An installation's broker, of which programs take what they need."""

    async def create_topics(
        self, specs: Mapping[str, TopicSpec], *, partitions: int, replication: int
    ) -> None:
        """Create the named topics that are missing; existing ones are left as they are."""
        ...

    async def check_topics(self, specs: Mapping[str, TopicSpec]) -> Sequence[str]:
        """One sentence for each topic that is missing or kept otherwise than its spec demands."""
        ...

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has; raises ``StreamError`` when it does not exist."""
        ...

    async def producer(self) -> Producer:
        """A started producer."""
        ...

    async def join(self, topic: str, group: str, listener: AssignmentListener | None = None) -> Member:
        """A started member of a group; begins at the committed offset, else at the first kept one."""
        ...

    async def reader(
        self, topic: str, *, at_end: bool = False, partitions: frozenset[int] | None = None
    ) -> Reader:
        """A started reader of a topic, from the first kept offset, or the end; of all its partitions, or
        of those named. Raises ``StreamError`` when topic or partition does not exist."""
        ...

    async def committed(self, topic: str, group: str) -> Mapping[int, int | None]:
        """What a group has committed of each partition of a topic, without joining it."""
        ...

    async def close(self) -> None:
        """Close everything that was taken."""
        ...


def wanted_partitions(topic: str, present: int, asked: frozenset[int] | None) -> frozenset[int]:
    """Those asked for, or all; raises ``StreamError`` for one that the topic does not have."""
    every = frozenset(range(present))
    if asked is not None and not asked <= every:
        raise StreamError(f"topic {topic} has no partition {min(asked - every)}: it has {present}")
    return every if asked is None else asked
