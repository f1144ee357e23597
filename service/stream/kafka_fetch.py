"""Fetching from Kafka, past what the library cannot read.

At a header whose name is no UTF-8, or a batch whose checksum is wrong, the library raises at the same offset
for ever: one such record would stop its partition and all lines in it. From there one batch of each partition
is read our own way: names are mended, and what is beyond mending is given as unreadable.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException
from aiokafka.protocol.fetch import FetchRequest

from service.stream.base import Record
from service.stream.kafka_batch import first_batch, mended_records

BEYOND_THE_LIBRARY = (UnicodeDecodeError, CorruptRecordException)
KNOWN_MS = 50
WAIT_MS = 500


async def fetch(
    consumer: Any, places: Sequence[TopicPartition], *, timeout_ms: int, max_records: int
) -> list[Record]:
    """The next records of these partitions. Must not be cancelled: the library would lose count of its
    polls. ``places`` may name partitions that are not assigned, and must not be empty."""
    before = _positions(consumer, places)
    if before.keys() != consumer.assignment() & set(places):
        # The library is still asking where to begin; what a poll took until then could not be given again.
        await asyncio.sleep(min(timeout_ms, KNOWN_MS) / 1000)
        return []
    try:
        return _records(await consumer.getmany(*places, timeout_ms=timeout_ms, max_records=max_records))
    except BEYOND_THE_LIBRARY:
        _end_of_poll(consumer)
        _give_again(consumer, before)
    records: list[Record] = []
    for place in sorted(consumer.assignment() & set(places)):
        if len(records) < max_records:
            records += await _next_batch(consumer, place, max_records - len(records))
    return records


async def _next_batch(consumer: Any, place: TopicPartition, max_records: int) -> Sequence[Record]:
    """At most so many records of one batch of a partition, which is sought past them."""
    try:
        async with asyncio.timeout(KNOWN_MS / 1000):
            position = await consumer.position(place)
    except TimeoutError:
        return ()  # It has fetched nothing yet, so nothing that cannot be read.
    if consumer.highwater(place) in (None, position):
        return ()
    data, aborted = await _fetch_raw(consumer, place, position)
    if not data:
        return ()
    try:
        records, after = _readable(place, position, data, aborted)
    except CorruptRecordException as error:
        unreadable = Record(place.topic, place.partition, position, 0, None, None, unreadable=str(error))
        records, after = [unreadable], position + 1
    if len(records) > max_records:
        records, after = records[:max_records], records[max_records].offset
    consumer.seek(place, after)
    return records


def _readable(
    place: TopicPartition, position: int, data: bytes, aborted: Sequence[tuple[int, int]]
) -> tuple[list[Record], int]:
    batch = first_batch(data)
    undone = {producer for producer, first in aborted if first <= batch.base_offset}
    if batch.is_control_batch or (batch.is_transactional and batch.producer_id in undone):
        return [], batch.next_offset
    records = [_record(place, message) for message in mended_records(batch) if message.offset >= position]
    return records, batch.next_offset


async def _fetch_raw(
    consumer: Any, place: TopicPartition, position: int
) -> tuple[bytes, Sequence[tuple[int, int]]]:
    """The bytes from a position on, and the producers and first offsets of transactions undone in them."""
    fetcher, client = consumer._fetcher, consumer._client
    wanted = [(place.topic, [(place.partition, position, fetcher._max_partition_fetch_bytes)])]
    request = FetchRequest(WAIT_MS, 1, fetcher._fetch_max_bytes, fetcher._isolation_level, wanted)
    response = await client.send(client.cluster.leader_for_partition(place), request)
    for _, partitions in response.topics:
        for _, error, _, *rest in partitions:
            undone = rest[2] if response.API_VERSION >= 11 else rest[-2]
            return (b"", ()) if error else (bytes(rest[-1]), undone or ())
    return b"", ()


def _positions(consumer: Any, places: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
    """Where each assigned partition stands, as far as that is known."""
    subscription = consumer._subscription.subscription
    assignment = subscription.assignment if subscription is not None else None
    if assignment is None:
        return {}
    states = {place: assignment.state_value(place) for place in assignment.tps & set(places)}
    return {place: state.position for place, state in states.items() if state.has_valid_position}


def _give_again(consumer: Any, before: Mapping[TopicPartition, int]) -> None:
    """A poll that raises at one partition drops what it had already taken from others, and goes on past it:
    those partitions are sought back, or their records would be lost."""
    after = _positions(consumer, tuple(before))
    for place, position in after.items():
        if position != before[place]:
            consumer.seek(place, before[place])


def _end_of_poll(consumer: Any) -> None:
    """The library counts a poll that raised as one that goes on, and would never again notice that polls
    have stopped. Only one task polls, so none goes on."""
    consumer._subscription._fetch_count = 0
    consumer._subscription._last_fetch_ended = time.monotonic()


def _records(fetched: Mapping[TopicPartition, Sequence[Any]]) -> list[Record]:
    return [_record(place, message) for place, messages in fetched.items() for message in messages]


def _record(place: TopicPartition, message: Any) -> Record:
    """The library's record as ours; a header without a value has an empty one."""
    headers = tuple((name, value or b"") for name, value in message.headers)
    stamp, key, value = message.timestamp, message.key, message.value
    return Record(place.topic, place.partition, message.offset, stamp, key, value, headers)
