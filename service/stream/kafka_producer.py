"""Sending to Kafka: in order, acknowledged by all in-sync replicas, and never waiting for ever."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaError,
    MessageSizeTooLargeError,
    UnknownError,
    UnsupportedVersionError,
)
from aiokafka.partitioner import DefaultPartitioner

from schemas.frame import Headers
from service.settings import KafkaSettings
from service.stream.base import DeliveryError, Placed, StreamError
from service.stream.kafka_connection import broker_errors, connection_options, largest_request, start_client
from service.stream.turns import Turns

# What a broker without idempotent producers answers (Tansu: UnknownError).
NOT_IDEMPOTENT = (UnknownError, IncompatibleBrokerVersion, UnsupportedVersionError)
BATCH_BYTES = 256 * 1024
GIVE_UP_SECONDS = 1.0

log = structlog.get_logger(__name__)
_choose = DefaultPartitioner()


class _Session:
    """The life of one library producer, from its start until it is given up."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Tasks that wait for room in a batch are otherwise overtaken by later ones.
        self.turns = Turns()


class _Queued(NamedTuple):
    session: _Session
    partition: int
    turn: AbstractAsyncContextManager[None]


class KafkaProducer:
    """A producer of the port. The library's idempotent producer retries for ever, and one refused batch
    breaks the sequence of its partition; so past the deadline and after a refusal it is replaced."""

    def __init__(self, settings: KafkaSettings, counts: Callable[[], Awaitable[Mapping[str, int]]]) -> None:
        self._settings = settings
        self._counts = counts
        self._known: set[str] = set()
        self._idempotent = True
        self._session: _Session | None = None
        self._entrance = asyncio.Lock()
        self._given_up: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect; raises ``StreamError`` when the broker does not answer in time."""
        async with self._entrance:
            await self._current()

    async def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> Placed:
        """See the port."""
        if key is None and value is None:
            raise ValueError(f"a record for {topic} needs a key or a value: send an empty value")
        queued: _Queued | None = None
        try:
            async with asyncio.timeout(self._settings.delivery_seconds):
                queued = await self._queue(topic, key, partition)
                return await self._deliver(queued, topic, key, value, headers)
        except TimeoutError as error:
            self._give_up(queued and queued.session)
            raise DeliveryError(self._late(topic)) from error

    async def close(self) -> None:
        """See the port; what the broker does not take within the deadline is given up."""
        session, self._session = self._session, None
        if session is not None:
            try:
                async with asyncio.timeout(self._settings.delivery_seconds):
                    await session.client.stop()
            except TimeoutError:
                log.warning("producer_closed_undelivered", bootstrap=self._settings.bootstrap)
                self._kill(session)
                await asyncio.wait(self._given_up, timeout=GIVE_UP_SECONDS)
        for task in self._given_up:
            task.cancel()
        await asyncio.gather(*self._given_up, return_exceptions=True)

    async def _queue(self, topic: str, key: bytes | None, partition: int | None) -> _Queued:
        """Take a turn in the record's partition, in the order of the calls whatever each has to wait for."""
        async with self._entrance:
            await self._refuse_unknown(topic)
            session = await self._current()
            there = await self._partition(session, topic, key, partition)
            return _Queued(session, there, session.turns.queue((topic, there)))

    async def _deliver(
        self, queued: _Queued, topic: str, key: bytes | None, value: bytes | None, headers: Headers
    ) -> Placed:
        session = queued.session
        try:
            async with queued.turn:
                future = await session.client.send(topic, value, key, queued.partition, headers=list(headers))
            return await self._acknowledged(session, topic, future)
        except MessageSizeTooLargeError as error:
            size = len(key or b"") + len(value or b"")
            raise StreamError(
                f"a record of {size} bytes for {topic} is too large: send it by reference, or raise "
                "PATCHLINE_KAFKA__MAX_MESSAGE_BYTES and the topic's max.message.bytes"
            ) from error
        except KafkaError as error:
            self._give_up(session)
            raise DeliveryError(
                f"a record for {topic} was refused ({type(error).__name__}): see the broker's log"
            ) from error

    async def _acknowledged(self, session: _Session, topic: str, future: asyncio.Future[Any]) -> Placed:
        # Nobody may be left to ask for its exception.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait({future, session.lost}, return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            raise DeliveryError(self._late(topic))
        placed = future.result()
        if placed.offset < 0:
            raise DeliveryError(f"a record for {topic} is in the log at an offset that the broker forgot")
        return Placed(placed.partition, placed.offset, placed.timestamp)

    async def _partition(
        self, session: _Session, topic: str, key: bytes | None, partition: int | None
    ) -> int:
        with broker_errors(f"tell the partitions of {topic}"):
            present = sorted(await session.client.partitions_for(topic))
        if partition is None:
            return int(_choose(key, present, present))
        if partition not in present:
            raise StreamError(f"topic {topic} has no partition {partition}: it has {len(present)}")
        return partition

    async def _refuse_unknown(self, topic: str) -> None:
        """Asked first, because a broker may create a topic that is merely named, with settings of its own."""
        if topic not in self._known:
            self._known |= (await self._counts()).keys()
        if topic not in self._known:
            raise StreamError(f"topic {topic} does not exist: create it before sending to it")

    async def _current(self) -> _Session:
        if self._session is None:
            self._session = _Session(await self._start_client())
        return self._session

    async def _start_client(self) -> Any:
        if self._idempotent:
            try:
                return await self._connect(enable_idempotence=True)
            except NOT_IDEMPOTENT as error:
                self._idempotent = False
                log.info(
                    "producer_not_idempotent", reason=type(error).__name__, effect="retries may duplicate"
                )
        return await self._connect(enable_idempotence=False)

    async def _connect(self, *, enable_idempotence: bool) -> Any:
        def build() -> AIOKafkaProducer:
            return AIOKafkaProducer(
                **connection_options(self._settings),
                acks="all",
                enable_idempotence=enable_idempotence,
                max_request_size=largest_request(self._settings),
                # A broker without idempotence is Tansu, which tells a partition's end wrongly after a batch
                # of several records: there each record is a batch of its own.
                max_batch_size=BATCH_BYTES if enable_idempotence else 1,
                # Half the deadline, so that a connection that hangs is tried anew within it.
                request_timeout_ms=int(self._settings.delivery_seconds * 500),
            )

        return await start_client(build, AIOKafkaProducer.start, AIOKafkaProducer.stop, self._settings)

    def _give_up(self, session: _Session | None) -> None:
        if session is not None and session is self._session:
            self._session = None
            self._kill(session)

    def _kill(self, session: _Session) -> None:
        """Every send under way fails now, so that none lands behind the records of the next producer."""
        if not session.lost.done():
            session.lost.set_result(None)
        task = asyncio.get_running_loop().create_task(_end(session.client))
        self._given_up.add(task)
        task.add_done_callback(self._given_up.discard)

    def _late(self, topic: str) -> str:
        return (
            f"a record for {topic} was not acknowledged by {self._settings.bootstrap} within "
            f"{self._settings.delivery_seconds:g} s: it may or may not be in the log"
        )


async def _end(client: Any) -> None:
    """End a library producer without its flush, which would wait for a broker that does not answer."""
    sender = client._sender.sender_task
    client._closed = True
    try:
        if sender is not None:
            sender.cancel()
            await asyncio.wait({sender})
    finally:
        await client.client.close()
