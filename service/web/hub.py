"""Who watches: each subscriber has a bounded queue, and one that falls behind is let go with a signal."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# A page that is this far behind is helped more by loading anew than by catching up.
QUEUE_EVENTS = 512
MAX_SUBSCRIBERS = 1000


# ``tile`` is for who asks: it is a piece of the wall.
USUAL = frozenset({"verdict", "line", "line-event", "claims", "answer"})
NAMES = USUAL | {"tile"}


class HubFull(Exception):
    """As many watch as may; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing to tell: one of ``NAMES``, or ``reload`` to one who fell behind."""

    name: str
    line: str
    data: str


class Subscriber:
    """An endless walk over events, as many as are there at a time, which ends when the hub closes or after a
    ``reload``."""

    def __init__(self, line: str | None, size: int, names: frozenset[str] = USUAL) -> None:
        self._line = line
        self._names = names
        self._size = size
        self._queue: deque[Event] = deque()
        self._filled = asyncio.Event()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken in."""
        return self._closed

    def wants(self, name: str) -> bool:
        """Whether such events are watched for."""
        return name in self._names

    def offer(self, event: Event) -> None:
        """Take the event if it is watched for; past the bound, keep only ``reload``."""
        if self._closed or event.name not in self._names or self._line not in (None, event.line):
            return
        self._queue.append(event)
        if len(self._queue) > self._size:
            self._queue.clear()
            self._queue.append(Event("reload", event.line, "{}"))
            self._closed = True
        self._filled.set()

    def close(self) -> None:
        """End the walk after what is queued."""
        self._closed = True
        self._filled.set()

    async def __aiter__(self) -> AsyncIterator[list[Event]]:
        while True:
            if self._queue:
                taken = list(self._queue)
                self._queue.clear()
                yield taken
                continue
            if self._closed:
                return
            self._filled.clear()
            await self._filled.wait()


class Hub:
    """Hands each event to every subscriber without ever waiting for one. One event loop only."""

    def __init__(self, queue_events: int = QUEUE_EVENTS, max_subscribers: int = MAX_SUBSCRIBERS) -> None:
        self._queue_events = queue_events
        self._max_subscribers = max_subscribers
        self._subscribers: set[Subscriber] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._subscribers)

    def require_room(self) -> None:
        """Raises ``HubFull`` when no further subscriber can be taken."""
        if self._closed:
            raise HubFull("the page is stopping: connect again when it is back")
        if len(self._subscribers) >= self._max_subscribers:
            raise HubFull(f"{self._max_subscribers} watch already: close a page and connect again")

    @contextmanager
    def subscribe(self, line: str | None = None, names: frozenset[str] = USUAL) -> Iterator[Subscriber]:
        """Watch one line, or all, while the block runs. Raises ``HubFull``."""
        self.require_room()
        subscriber = Subscriber(line, self._queue_events, names)
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)

    def wants(self, name: str) -> bool:
        """Whether anybody watches for such events."""
        return any(subscriber.wants(name) for subscriber in self._subscribers)

    def publish(self, event: Event) -> None:
        """Tell everyone who watches the event's line; who has fallen behind is let go."""
        for subscriber in list(self._subscribers):
            subscriber.offer(event)
            if subscriber.closed:
                self._subscribers.discard(subscriber)

    def close(self) -> None:
        """End every walk, and take no further subscriber."""
        self._closed = True
        for subscriber in self._subscribers:
            subscriber.close()
