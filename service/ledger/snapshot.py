"""How far each log is read: ends taken in an order that makes every demand of the check a just one."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.topics import TOPICS, TopicKind
from service.stream.base import Broker, StreamError

Bounds = Mapping[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Window:
    """A partition of ``frames``: accepted from ``start`` to ``watermark``, in flight to ``end``."""

    start: int
    committed: int | None
    end: int

    @property
    def watermark(self) -> int:
        """Below it every frame must have its outcome; ``start`` before the group's first commit."""
        return self.start if self.committed is None else min(self.committed, self.end)

    @property
    def in_flight(self) -> int:
        """Offsets whose outcome is not yet due."""
        return max(self.end - max(self.start, self.watermark), 0)

    @property
    def expired_unread(self) -> int:
        """Offsets that retention took before they were committed. None is told before the first commit:
        a group begins at what is kept then."""
        return 0 if self.committed is None else max(self.start - self.committed, 0)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The ends of all logs that the check reads."""

    windows: Mapping[int, Window]
    logs: Mapping[TopicKind, Bounds]


async def take_snapshot(broker: Broker, prefix: str, group: str) -> Snapshot:
    """Ask for all ends, in an order that does not accuse a system that runs on meanwhile."""
    # 1. The frames' starts before the commits: a start past a later commit was past it all along.
    # 2. The commits before the outcomes: what is below them was acknowledged before them, so it is read.
    # 3. Alerts before verdicts before banks and frames, against the order of writing: whatever is read
    #    has that which it was made from in what is read after it.
    starts = await _bounds(broker, prefix, TopicKind.FRAMES)
    committed = await broker.committed(TOPICS[TopicKind.FRAMES].name(prefix), group)
    later = (TopicKind.ALERTS, TopicKind.DEAD_LETTERS, TopicKind.VERDICTS, TopicKind.BANKS, TopicKind.FRAMES)
    logs = {kind: await _bounds(broker, prefix, kind) for kind in later}
    ends = logs.pop(TopicKind.FRAMES)
    windows = {p: Window(begin, committed.get(p), ends[p][1]) for p, (begin, _) in starts.items()}
    return Snapshot(windows, logs)


async def _bounds(broker: Broker, prefix: str, kind: TopicKind) -> Bounds:
    reader = await broker.reader(TOPICS[kind].name(prefix))
    try:
        return await reader.bounds()
    finally:
        await reader.close()


async def first_since(broker: Broker, topic: str, partition: int, window: Window, since_ms: int) -> int:
    """The first offset below the watermark, or it, from which on frames are of this time or later; found by
    halves, since the frames before it may be many gigabytes."""
    reader = await broker.reader(topic, partitions=frozenset({partition}))
    low, high = window.start, max(window.start, window.watermark)
    try:
        while low < high:
            reader.seek(partition, middle := (low + high) // 2)
            records = await reader.poll(timeout_ms=5_000, max_records=1)
            if not records:
                raise StreamError(f"{topic} gave nothing at {partition}/{middle} in 5 s: check the broker")
            if records[0].timestamp_ms < since_ms:
                low = records[0].offset + 1
            else:
                high = middle
        return min(low, window.watermark)
    finally:
        await reader.close()
