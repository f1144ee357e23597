"""A crash at an effect: the process is gone, before or after the effect took place."""

import asyncio

from schemas.frame import Headers
from service.stream.base import Placed, Producer
from service.stream.memory import MemoryBroker


class CrashingBroker(MemoryBroker):
    """Its producers stop for ever at the n-th send to a topic, before it is in the log or just after, and say
    so: whoever waits for ``crashed`` then ends the rebuilder without a goodbye."""

    def __init__(self) -> None:
        super().__init__()
        self.topic_name = ""
        self.countdown = 0
        self.written = False
        self.crashed = asyncio.Event()

    def crash_at(self, topic: str, send: int, *, written: bool) -> None:
        self.topic_name, self.countdown, self.written = topic, send, written

    async def producer(self) -> Producer:
        return _CrashingProducer(self, await super().producer())


class _CrashingProducer:
    def __init__(self, broker: CrashingBroker, inner: Producer) -> None:
        self._broker, self._inner = broker, inner

    async def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> Placed:
        due = self._due(topic)
        if due and not self._broker.written:
            await self._end()
        placed = await self._inner.send(topic, key=key, value=value, headers=headers, partition=partition)
        if due:
            await self._end()
        return placed

    async def close(self) -> None:
        await self._inner.close()

    def _due(self, topic: str) -> bool:
        if topic != self._broker.topic_name:
            return False
        self._broker.countdown -= 1
        return self._broker.countdown == 0

    async def _end(self) -> None:
        self._broker.crashed.set()
        await asyncio.Event().wait()
