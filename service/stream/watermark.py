"""The watermark of one partition: the offset below which every frame has a published outcome."""

from collections import deque


class Watermark:
    """Follows the frames of one partition from fetched to finished, in whatever order they finish.

    Offsets need not be contiguous (transaction markers, expired records). Not for use by several threads.
    """

    def __init__(self, offset: int = 0) -> None:
        self.start(offset)

    def start(self, offset: int) -> None:
        """Begin anew at the next offset to fetch: after an assignment or a seek."""
        self._order: deque[int] = deque()
        self._pending: set[int] = set()
        self._next = offset

    @property
    def position(self) -> int:
        """What may be committed: every fetched offset below it is finished."""
        return self._order[0] if self._order else self._next

    @property
    def pending(self) -> int:
        """How many frames are fetched and not finished."""
        return len(self._pending)

    @property
    def ahead(self) -> int:
        """How many fetched frames lie at or past the position, finished or not."""
        return len(self._order)

    def fetched(self, offset: int) -> None:
        """A frame came in. Raises ``ValueError`` when a later or the same one came before it."""
        if offset < self._next:
            raise ValueError(f"offset {offset} was fetched after {self._next - 1}: call start() after a seek")
        self._order.append(offset)
        self._pending.add(offset)
        self._next = offset + 1

    def finished(self, offset: int) -> bool:
        """The outcome of a frame is published. False when it is not pending: finished before, or fetched
        before the last ``start``."""
        if offset not in self._pending:
            return False
        self._pending.remove(offset)
        while self._order and self._order[0] not in self._pending:
            self._order.popleft()
        return True
