"""Frames of one partition that wait for a verdict, and those whose time is up.

Known of a frame is only that its offset exists: the ends of a log cost nothing to ask for, its pictures do.
What a frame says of itself is read once it is overdue. Pure bookkeeping on the caller's monotonic clock: no
host's time of day decides what is missing.
"""

from collections.abc import Iterator


class Waiting:
    """The offsets of one partition from ``start`` on. ``seconds`` is the shortest deadline of its lines."""

    def __init__(self, start: int, seconds: float) -> None:
        self._seconds = seconds
        self._end = start
        self._seen: dict[int, float] = {}
        self._answered_ahead: set[int] = set()

    @property
    def waiting(self) -> int:
        """How many frames have no verdict yet."""
        return len(self._seen)

    def reaches(self, end: int, now: float) -> None:
        """The log now ends before ``end``: every offset below it is a frame that was accepted by now."""
        for offset in range(self._end, end):
            if offset in self._answered_ahead:
                self._answered_ahead.discard(offset)
            else:
                self._seen[offset] = now
        self._end = max(self._end, end)

    def answered(self, offset: int) -> None:
        """A verdict of this frame is in the log."""
        if offset >= self._end:
            self._answered_ahead.add(offset)
        self._seen.pop(offset, None)

    def overdue(self, now: float) -> Iterator[int]:
        """The frames whose time is up, each once, in order. ``wait_for`` takes one back."""
        due = [offset for offset, seen in self._seen.items() if seen + self._seconds <= now]
        for offset in sorted(due):
            del self._seen[offset]
            yield offset

    def wait_for(self, offset: int, due: float) -> None:
        """This frame's line has a longer deadline: it is overdue at ``due``."""
        self._seen[offset] = due - self._seconds

    def postpone(self, now: float) -> None:
        """Nobody could have heard a verdict until now: time begins anew for all that wait."""
        self._seen = dict.fromkeys(self._seen, now)
