"""Publishing: bytes before the record, and every reader can have them."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from schemas.activation import BANK_RECORD, Published
from schemas.topics import TOPICS, TopicKind
from service.banks.activation_reader import ActivationFollower
from service.banks.bank_file import read_bank, write_bank
from service.banks.cache import MemoryCache
from service.banks.publisher import BankPublisher
from service.banks.refusal import BankRefused
from service.banks.source import BankSource
from service.store import ObjectStore
from service.store.keys import bank_key
from service.stream.base import Record
from service.stream.memory import MemoryBroker
from tests.banks.conftest import NOON, manifest_of, small_bank

TOPIC = "patchline.banks"
FILE = write_bank(small_bank(), manifest_of(small_bank()))
Clock = Callable[[], datetime]


class Stand:
    """A publisher and what it writes to."""

    def __init__(self, store: ObjectStore, broker: MemoryBroker, publisher: BankPublisher) -> None:
        self.store, self.broker, self.publisher = store, broker, publisher
        self.cache = MemoryCache()

    async def records(self) -> list[Record]:
        return list(await (await self.broker.reader(TOPIC)).poll(timeout_ms=10, max_records=10))


@pytest.fixture
async def stand(store: ObjectStore, clock: Clock) -> Stand:
    broker = MemoryBroker()
    await broker.create_topics({TOPIC: TOPICS[TopicKind.BANKS]}, partitions=1, replication=1)
    cache = MemoryCache()
    stand = Stand(store, broker, BankPublisher(store, cache, await broker.producer(), TOPIC, clock))
    stand.cache = cache
    return stand


async def test_a_published_bank_can_be_fetched_and_read(stand: Stand, cache_dir: Path) -> None:
    published = await stand.publisher.publish(FILE)
    assert published == Published(
        line="line1",
        model="default",
        version=read_bank(FILE).version,
        size_bytes=len(FILE),
        vectors=20,
        parts=4,
        radius=0.1,
        published_at=NOON,
    )
    assert stand.cache.files == {("line1", published.version): FILE}
    source = BankSource(stand.store, MemoryCache(), cache_dir)
    path = await source.fetch("line1", "default", published.version, published.size_bytes)
    assert read_bank(path, version=published.version).manifest.line == "line1"


async def test_the_record_is_told_apart_from_an_activation(stand: Stand) -> None:
    published = await stand.publisher.publish(FILE)
    (record,) = await stand.records()
    assert BANK_RECORD.validate_json(record.value or b"") == published
    headers = dict(record.headers)
    assert (headers["kind"], headers["line"], headers["ce_subject"]) == (b"published", b"line1", b"line1")
    follower = ActivationFollower(await stand.broker.reader(TOPIC), TOPIC)
    assert await follower.read_to_end() == []


async def test_publishing_again_is_safe_and_repairs_a_spoilt_object(stand: Stand) -> None:
    published = await stand.publisher.publish(FILE)
    key = bank_key("line1", "default", published.version)
    await stand.store.put(key, b"spoilt")
    assert await stand.publisher.publish(FILE) == published
    assert await stand.store.get(key) == FILE


async def test_what_no_reader_would_take_is_not_published(stand: Stand) -> None:
    with pytest.raises(BankRefused):
        await stand.publisher.publish(FILE[:-1])
    assert await stand.records() == []
    assert [item async for item in stand.store.list("")] == []
