"""Which lines' banks are in memory: a budget, and whom to let go of when it is used up."""

import asyncio
from collections import Counter, OrderedDict

# The vectors are kept as they are in the file, in two bytes each value, and in the index, in four at most.
# Of vectors of less than a hundred numbers a graph's links weigh as much again.
MEMORY_PER_FILE_BYTE = 3


class BankRoom:
    """Bookkeeping only, in bytes of memory. A line is *held* while frames of it wait for their turn or are
    being scored: it is never let go of then. Used from one event loop."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit = limit_bytes
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._held: Counter[str] = Counter()
        self._freed = asyncio.Event()

    @property
    def used(self) -> int:
        """What is in memory, or about to be."""
        return sum(self._sizes.values())

    def fits(self, size: int) -> bool:
        """Whether so much more is within the budget."""
        return self.used + size <= self.limit

    def touch(self, line: str) -> None:
        """A frame of the line came: it was used last."""
        if line in self._sizes:
            self._sizes.move_to_end(line)

    def hold(self, line: str) -> None:
        """A frame of the line waits for its turn."""
        self._held[line] += 1

    def let_go(self, line: str) -> None:
        """That frame is scored, or was given up."""
        self._held[line] -= 1
        if not self._held[line]:
            del self._held[line]
            self._freed.set()

    def keep(self, line: str, size: int) -> None:
        """The line's bank is in memory, or about to be."""
        self._sizes[line] = size
        self._sizes.move_to_end(line)

    def forget(self, line: str) -> None:
        """It is no longer."""
        self._sizes.pop(line, None)
        self._freed.set()

    def victims(self, line: str, size: int) -> list[str] | None:
        """Whom to let go of, those unused for longest first, before the line's bank comes in; None when too
        much is held by others now: wait for ``freed``. A line that has a bank need not wait to have it
        replaced, and one whose bank is above the budget comes in alone."""
        needed = self.used - self._sizes.get(line, 0) + size - self.limit
        idle = [other for other in self._sizes if other != line and other not in self._held]
        chosen: list[str] = []
        for other in idle:
            if needed <= 0:
                break
            chosen.append(other)
            needed -= self._sizes[other]
        busy = any(other != line for other in self._held.keys() & self._sizes.keys())
        return None if needed > 0 and busy and line not in self._sizes else chosen

    async def freed(self) -> None:
        """Wait until a line is no longer held, or was forgotten."""
        self._freed.clear()
        await self._freed.wait()
