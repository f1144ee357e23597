"""A member of a Kafka consumer group: what is revoked is never committed, and nothing fetched is lost."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from service.settings import KafkaSettings
from service.stream.base import AssignmentListener, Record, StreamError
from service.stream.held import Held
from service.stream.kafka_connection import broker_errors, start_client
from service.stream.kafka_fetch import fetch
from service.stream.kafka_reader import fetch_options

# The group waits for a revoked member at most this long for its last commit to be answered.
LAST_COMMIT_SECONDS = 2.0
CLOSE_SECONDS = 10.0
# A partition that no topic has: with it the library is never asked for "none", which it takes for "all".
NOWHERE = -1
SLACK_SECONDS = 0.05

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")


def member_options(settings: KafkaSettings, group: str) -> dict[str, Any]:
    """How we belong to a group. Joining waits for the whole group, so a request may take longer than a
    rebalance; the rebalance itself waits for no batch, because a revoked batch is dropped."""
    return {
        **fetch_options(settings),
        "group_id": group,
        "session_timeout_ms": settings.session_timeout_ms,
        "heartbeat_interval_ms": settings.heartbeat_ms,
        "rebalance_timeout_ms": settings.session_timeout_ms,
        "request_timeout_ms": settings.session_timeout_ms + 10_000,
        "max_poll_interval_ms": 300_000,
    }


class _Bridge(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """Hands the library's callbacks, which it awaits before it goes on with the rebalance, to a member."""

    def __init__(self, member: "KafkaMember") -> None:
        self._member = member

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._member._revoked(frozenset(place.partition for place in revoked))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        await self._member._assigned(frozenset(place.partition for place in assigned))


class KafkaMember:
    """A member of the port."""

    def __init__(
        self, consumer: Any, topic: str, settings: KafkaSettings, listener: AssignmentListener | None
    ) -> None:
        self._consumer = consumer
        self._topic = topic
        self._seconds = settings.delivery_seconds
        self._listener = listener
        self._failure: Exception | None = None
        self._generation = 0
        self._assignment: frozenset[int] = frozenset()
        self._paused: set[int] = set()
        self._held = Held()
        self._settled = asyncio.Event()
        self._fetch: asyncio.Task[tuple[int, list[Record]]] | None = None
        self._commits: set[asyncio.Task[None]] = set()

    @classmethod
    async def start(
        cls, settings: KafkaSettings, topic: str, group: str, listener: AssignmentListener | None
    ) -> "KafkaMember":
        """A member that has begun to join: its first assignment comes while it polls."""
        consumer = await start_client(
            lambda: AIOKafkaConsumer(**member_options(settings, group)),
            AIOKafkaConsumer.start,
            AIOKafkaConsumer.stop,
            settings,
        )
        member = cls(consumer, topic, settings, listener)
        consumer.subscribe([topic], listener=_Bridge(member))
        return member

    @property
    def generation(self) -> int:
        """See the port."""
        return self._generation

    @property
    def assignment(self) -> frozenset[int]:
        """See the port."""
        return self._assignment

    async def poll(self, *, timeout_ms: int, max_records: int) -> Sequence[Record]:
        """See the port."""
        self._refuse_after_failure()
        if not self._ready(max_records):
            await self._wait_for_records(timeout_ms, max_records)
        self._refuse_after_failure()
        return self._held.give(max_records, self._paused) if self._settled.is_set() else ()

    def pause(self, partitions: Iterable[int]) -> None:
        """See the port. The library's own pause would drop what it fetched ahead, and fetch it again."""
        self._paused.update(partitions)

    def resume(self, partitions: Iterable[int]) -> None:
        """See the port."""
        self._paused.difference_update(partitions)

    def seek(self, partition: int, offset: int) -> None:
        """See the port."""
        if partition in self._assignment:
            self._collect()
            self._held.forget(partition)
            try:
                self._consumer.seek(self._place(partition), offset)
            except IllegalStateError:
                # The library has already taken it away; our callback follows.
                log.debug("seek_after_revocation", partition=partition)

    async def commit(self, offsets: Mapping[int, int], *, generation: int) -> bool:
        """See the port."""
        if generation != self._generation or not offsets.keys() <= self._assignment:
            return False
        if not offsets:
            return True
        task = asyncio.create_task(self._commit(offsets))
        self._commits.add(task)
        task.add_done_callback(self._commits.discard)
        try:
            await asyncio.wait({task}, timeout=self._seconds)
        finally:
            task.cancel()
        return self._outcome(task)

    async def committed(self, partition: int) -> int | None:
        """See the port."""
        offset = await self._ask(lambda: self._consumer.committed(self._place(partition)), "tell a commit")
        return None if offset is None else int(offset)

    async def end_offsets(self) -> Mapping[int, int]:
        """See the port."""
        places = [self._place(number) for number in sorted(self._assignment)]
        if not places:
            return {}
        ends = await self._ask(lambda: self._consumer.end_offsets(places), "tell its end offsets")
        return {place.partition: end for place, end in ends.items()}

    async def close(self) -> None:
        """See the port."""
        self._leave()
        if self._fetch is not None:
            self._fetch.cancel()
            await asyncio.wait({self._fetch})
            self._fetch = None
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._consumer.stop()
        except TimeoutError:
            # The broker does not answer our leave-taking: the session timeout tells the group.
            await self._consumer._client.close()

    async def _wait_for_records(self, timeout_ms: int, max_records: int) -> None:
        """Wait in a task of its own: the library's call must never be cancelled, for that loses its count of
        polls, and during a rebalance it ignores its timeout."""
        if self._fetch is None:
            self._fetch = asyncio.create_task(self._fetched(timeout_ms, max_records))
        await asyncio.wait({self._fetch}, timeout=timeout_ms / 1000 + SLACK_SECONDS)
        self._collect()

    async def _fetched(self, timeout_ms: int, max_records: int) -> tuple[int, list[Record]]:
        wanted = [self._place(number) for number in (NOWHERE, *(self._assignment - self._paused))]
        records = await fetch(self._consumer, wanted, timeout_ms=timeout_ms, max_records=max_records)
        # No await since the library gave them: they belong to the assignment of this very moment.
        return self._generation, records

    def _collect(self) -> None:
        """Take what a finished fetch brought, unless the assignment has changed: it begins anew then."""
        if self._fetch is None or not self._fetch.done():
            return
        task, self._fetch = self._fetch, None
        with broker_errors(f"read {self._topic}"):
            generation, records = task.result()
        if generation == self._generation:
            self._held.keep(records)

    def _ready(self, max_records: int) -> bool:
        self._collect()
        return self._settled.is_set() and self._held.has_some(self._paused)

    async def _commit(self, offsets: Mapping[int, int]) -> None:
        await self._consumer.commit({self._place(number): offset for number, offset in offsets.items()})

    def _outcome(self, task: "asyncio.Task[None]") -> bool:
        if not task.done():
            raise StreamError(
                f"a commit on {self._topic} had no answer within {self._seconds:g} s: try again"
            )
        if task.cancelled():
            return False
        with broker_errors(f"commit offsets of {self._topic}"):
            try:
                task.result()
            except (CommitFailedError, IllegalStateError):
                return False
        return True

    async def _ask(self, question: Callable[[], Coroutine[Any, Any, Answer]], doing: str) -> Answer:
        """The library asks again for ever where a broker does not answer."""
        try:
            async with asyncio.timeout(self._seconds):
                with broker_errors(doing):
                    return await question()
        except TimeoutError as error:
            raise StreamError(f"the broker did not {doing} within {self._seconds:g} s: try again") from error

    async def _revoked(self, partitions: frozenset[int]) -> None:
        self._leave()
        # A commit that retries would be sent under the next generation, which the broker accepts.
        if self._commits:
            await asyncio.wait(self._commits, timeout=LAST_COMMIT_SECONDS)
        for commit in self._commits:
            commit.cancel()
        if partitions and self._listener is not None:
            await self._tell(self._listener.partitions_revoked(partitions))

    async def _assigned(self, partitions: frozenset[int]) -> None:
        self._generation += 1
        self._assignment = partitions
        self._paused &= partitions
        if self._listener is not None:
            await self._tell(self._listener.partitions_assigned(partitions))
        self._settled.set()

    def _leave(self) -> None:
        self._generation += 1
        self._assignment = frozenset()
        self._settled.clear()
        self._held.clear()

    async def _tell(self, notice: Coroutine[Any, Any, None]) -> None:
        try:
            await notice
        except Exception as error:  # noqa: BLE001  # the library would swallow it: the next poll raises it
            self._failure = error

    def _refuse_after_failure(self) -> None:
        if self._failure is not None:
            raise StreamError(
                f"a listener of {self._topic} failed ({self._failure}): close this member and join again"
            ) from self._failure

    def _place(self, partition: int) -> TopicPartition:
        return TopicPartition(self._topic, partition)
