"""Follows the banks topic: to its end at first, then as it grows."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from service.banks.activation_log import ActivationLog, Change
from service.banks.restored_mark import restored_from
from service.signing.trust import UNCHECKED, Trust
from service.stream.base import Reader, Record, StreamError

POLL_MS = 500
CATCH_UP_MS = 100
POLL_RECORDS = 500


class ActivationFollower:
    """Keeps an ``ActivationLog`` up to date from one reader, which it owns. One task at a time."""

    def __init__(
        self, reader: Reader, topic: str, *, timeout_seconds: float = 30.0, trust: Trust = UNCHECKED
    ) -> None:
        self.log = ActivationLog(trust)
        self._reader = reader
        self._topic = topic
        self._timeout = timeout_seconds
        self._trust = trust
        self._next = 0
        self._restored_from = 0

    async def read_to_end(self) -> Sequence[Change]:
        """Take all that was in the log when this was called; answers the changes. Raises ``StreamError``
        past the timeout, and for a topic that has several partitions, was made anew, or has forgotten
        records that nobody restored: there is then no one order to agree on."""
        first, end = await self._bounds()
        changes: list[Change] = []
        deadline = asyncio.get_running_loop().time() + self._timeout
        # No timeout around the poll: a fetch that is cancelled may leave its client unsound.
        while self._next < end:
            changes += self._take(await self._poll(CATCH_UP_MS))
            if self._next < end and asyncio.get_running_loop().time() > deadline:
                raise StreamError(
                    f"{self._topic} was read to {self._next} of {end} in {self._timeout:g} s: "
                    "check the broker"
                )
        self._require_whole(first)
        return changes

    async def follow(self) -> AsyncIterator[Change]:
        """Every change from here on, as it comes; never ends by itself. Raises ``StreamError``."""
        while True:
            for change in self._take(await self._poll(POLL_MS)):
                yield change

    async def close(self) -> None:
        """Let go of the reader."""
        await self._reader.close()

    async def _poll(self, timeout_ms: int) -> Sequence[Record]:
        return await self._reader.poll(timeout_ms=timeout_ms, max_records=POLL_RECORDS)

    def _take(self, records: Sequence[Record]) -> list[Change]:
        changes = []
        for record in records:
            self._next = max(self._next, record.offset + 1)
            change = self.log.apply(record)
            if change is not None:
                changes.append(change)
            self._restored_from = max(self._restored_from, restored_from(record, self._trust) or 0)
        return changes

    async def _bounds(self) -> tuple[int, int]:
        bounds = await self._reader.bounds()
        if set(bounds) != {0}:
            raise StreamError(f"{self._topic} has {len(bounds)} partitions: create it again with one")
        first, end = bounds[0]
        if end < self._next:
            raise StreamError(
                f"{self._topic} has {end} records where {self._next} were read, so it was made anew: run "
                "`patchline banks restore`, then start this program again"
            )
        return first, end

    def _require_whole(self, first: int) -> None:
        if first > self._restored_from:
            raise StreamError(
                f"{self._topic} has forgotten its first {first} records: set its retention.ms to -1 and run "
                "`patchline banks restore`"
            )
