"""Follows the banks topic: to its end at first, then as it grows."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from service.banks.activation_log import ActivationLog, Change
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
        self._next = 0

    async def read_to_end(self) -> Sequence[Change]:
        """Take all that was in the log when this was called; answers the changes. Raises ``StreamError``
        past the timeout, and for a topic that has several partitions or has forgotten records: there is
        then no one order to agree on."""
        end = await self._end()
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
        return changes

    async def _end(self) -> int:
        bounds = await self._reader.bounds()
        if set(bounds) != {0}:
            raise StreamError(f"{self._topic} has {len(bounds)} partitions: create it again with one")
        first, end = bounds[0]
        if first > 0:
            raise StreamError(
                f"{self._topic} has forgotten its first {first} records: restore it from activations/ in the "
                "object store, with retention.ms=-1"
            )
        return end
