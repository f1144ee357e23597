"""Micro-batches in which the lines take turns: a busy line never fills what a quiet one waits for."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item]):
    item: Item
    cost: int
    since: float


class Batcher(Generic[Item]):
    """Collects items, and hands out batches: first in, first out within a line, one of each line in turn.

    A batch is due when ``max_batch`` items or ``max_cost`` of cost wait, or the oldest has waited
    ``max_wait`` seconds. No batch costs more than ``max_cost``, but for an item that alone does.
    """

    def __init__(
        self,
        *,
        max_batch: int,
        max_wait: float,
        max_cost: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_batch = max_batch
        self._max_wait = max_wait
        self._max_cost = max_cost
        self._clock = clock
        # Kept in turn order: the line at the front is served next.
        self._lines: dict[str, deque[_Waiting[Item]]] = {}
        self._count = 0
        self._cost = 0

    def __len__(self) -> int:
        return self._count

    def add(self, item: Item, line: str, cost: int = 1) -> None:
        """Let an item wait its turn; ``cost`` is what bounds a batch, such as decoded pixels."""
        self._lines.setdefault(line, deque()).append(_Waiting(item, cost, self._clock()))
        self._count += 1
        self._cost += cost

    def take(self, now: float) -> list[Item] | None:
        """The next batch, or None when none is due."""
        due = self.next_deadline()
        if due is None or (now < due and not self._full):
            return None
        return self._fill()

    def next_deadline(self) -> float | None:
        """When, by the clock, the oldest item will have waited long enough; None when nothing waits."""
        heads = [queue[0].since for queue in self._lines.values()]
        return min(heads) + self._max_wait if heads else None

    def shed(self, line: str) -> Item | None:
        """Take out the oldest item of a line, None when none waits."""
        if line not in self._lines:
            return None
        shed = self._lines[line].popleft()
        self._left(shed)
        if not self._lines[line]:
            del self._lines[line]
        return shed.item

    def waiting(self, line: str) -> int:
        """How many items of a line wait."""
        return len(self._lines.get(line, ()))

    def discard(self, matches: Callable[[Item], bool]) -> list[Item]:
        """Take out every waiting item that matches, such as those of a revoked partition."""
        gone: list[Item] = []
        for line, queue in list(self._lines.items()):
            out = [waiting for waiting in queue if matches(waiting.item)]
            for waiting in out:
                self._left(waiting)
            gone += [waiting.item for waiting in out]
            self._keep(line, deque(waiting for waiting in queue if not matches(waiting.item)))
        return gone

    @property
    def _full(self) -> bool:
        return self._count >= self._max_batch or self._cost >= self._max_cost

    def _fill(self) -> list[Item]:
        batch: list[Item] = []
        cost = 0
        while self._lines and len(batch) < self._max_batch:
            line, queue = next(iter(self._lines.items()))
            if batch and cost + queue[0].cost > self._max_cost:
                break
            waiting = queue.popleft()
            self._left(waiting)
            cost += waiting.cost
            batch.append(waiting.item)
            self._to_the_back(line)
        return batch

    def _to_the_back(self, line: str) -> None:
        self._keep(line, self._lines.pop(line))

    def _keep(self, line: str, queue: deque[_Waiting[Item]]) -> None:
        if queue:
            self._lines[line] = queue
        else:
            self._lines.pop(line, None)

    def _left(self, waiting: _Waiting[Item]) -> None:
        self._count -= 1
        self._cost -= waiting.cost
