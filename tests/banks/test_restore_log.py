"""A banks log that lost records is restored from the object store: every epoch with its number and bytes."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.activation import Activated, Restored
from schemas.topics import TOPICS, TopicKind
from service.banks.activation_reader import ActivationFollower
from service.banks.archive import Archive
from service.banks.archive_gap import archive_gaps
from service.banks.bank_file import write_bank
from service.banks.banks_log import BanksLog, read_banks_log
from service.banks.cache import MemoryCache
from service.banks.restore_log import RestorationRefused, restore_log
from service.banks.restored_mark import MARK_KEY, RESTORED_HEADERS
from service.settings import KafkaSettings, StoreSettings
from service.store import ObjectStore, open_store
from service.store.keys import activation_key, bank_key
from service.stream.base import Broker, Record, StreamError
from service.stream.memory import MemoryBroker
from service.training.publish import open_outlets
from tests.banks.conftest import NOON, draft_of, manifest_of, small_bank

FILES = {
    (line, seed): write_bank(small_bank(seed=seed), manifest_of(small_bank(seed=seed), line=line))
    for line, seed in (("a", 1), ("a", 2), ("b", 1))
}
HISTORY = (("a", 1), ("b", 1), ("a", 2), ("a", 1))


async def live(
    broker: Broker, prefix: str, store: ObjectStore, past: Sequence[tuple[str, int]] = HISTORY
) -> None:
    """Put banks in force, as programs do."""
    await create(broker, prefix)
    async with open_outlets(broker, store, MemoryCache(), prefix) as outlets:
        for bank in past:
            data = FILES[bank]
            published = await outlets.publisher.publish(data)
            made = await outlets.writer.activate(
                bank[0], draft_of(published.version, size_bytes=len(data), why=f"seed {bank[1]}")
            )
            assert isinstance(made, Activated)


async def create(broker: Broker, prefix: str) -> None:
    topic = {TOPICS[TopicKind.BANKS].name(prefix): TOPICS[TopicKind.BANKS]}
    await broker.create_topics(topic, partitions=1, replication=1)


def epochs(log: BanksLog) -> dict[str, list[bytes]]:
    return {
        line: [entry.value for entry in log.activations.history(line)] for line in log.activations.lines()
    }


async def followed(broker: Broker, prefix: str) -> dict[str, list[bytes]]:
    """What a program that starts now takes for the truth."""
    topic = TOPICS[TopicKind.BANKS].name(prefix)
    follower = ActivationFollower(await broker.reader(topic), topic)
    try:
        await follower.read_to_end()
        return {line: [e.value for e in follower.log.history(line)] for line in follower.log.lines()}
    finally:
        await follower.close()


async def copied(broker: Broker, source: str, target: str, count: int) -> None:
    """A topic that kept the first records only, as after an unclean election."""
    await create(broker, target)
    producer = await broker.producer()
    reader = await broker.reader(TOPICS[TopicKind.BANKS].name(source))
    records: list[Record] = []
    while len(records) < count:
        records += await reader.poll(timeout_ms=200, max_records=100)
    for record in records[:count]:
        await producer.send(
            TOPICS[TopicKind.BANKS].name(target),
            key=record.key,
            value=record.value,
            headers=record.headers,
            partition=0,
        )


async def forget(broker: Broker, kafka: KafkaSettings, prefix: str, count: int) -> None:
    """As retention does."""
    topic = TOPICS[TopicKind.BANKS].name(prefix)
    if isinstance(broker, MemoryBroker):
        log = broker.topic(topic).logs[0]
        for _ in range(count):
            log._records.popleft()
            log.first += 1
        return
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for future in admin.delete_records([TopicPartition(topic, 0, count)]).values():
        await asyncio.to_thread(future.result)


async def test_an_empty_topic_is_filled_again_and_goes_on_where_it_was(
    broker: Broker, prefix: str, store: ObjectStore
) -> None:
    await live(broker, prefix, store)
    before = await read_banks_log(broker, prefix)
    anew = f"{prefix}anew."
    await create(broker, anew)
    report = await restore_log(broker, store, anew)
    after = await read_banks_log(broker, anew)
    assert epochs(after) == epochs(before) == await followed(broker, anew)
    told = [(line.line, line.epochs, line.lost, line.published) for line in report.lines]
    assert told == [("a", (1, 2, 3), (), 2), ("b", (1,), (), 1)]
    assert (report.forked, report.archived, report.marked) == ((), 0, False)
    again = await restore_log(broker, store, anew)
    assert (again.lines, (await read_banks_log(broker, anew)).end) == ((), after.end)
    await live(broker, anew, store, [("a", 2)])
    assert len((await followed(broker, anew))["a"]) == 4


async def test_what_is_told_of_a_restored_bank_is_what_was_told_when_it_was_published(
    store: ObjectStore,
) -> None:
    broker = MemoryBroker()
    await live(broker, "p.", store)
    await create(broker, "anew.")
    await restore_log(broker, store, "anew.")
    before, after = await read_banks_log(broker, "p."), await read_banks_log(broker, "anew.")
    assert after.versions.keys() == before.versions.keys()
    for name, told in after.versions.items():
        assert told.model_copy(update={"published_at": NOON}) == before.versions[name].model_copy(
            update={"published_at": NOON}
        )


async def test_a_lost_tail_is_written_again_for_the_line_that_was_asked_for(
    broker: Broker, prefix: str, store: ObjectStore
) -> None:
    await live(broker, prefix, store)
    short = f"{prefix}short."
    await copied(broker, prefix, short, 2)
    assert {line: len(of) for line, of in epochs(await read_banks_log(broker, short)).items()} == {"a": 1}
    await restore_log(broker, store, short, line="a")
    whole = epochs(await read_banks_log(broker, prefix))
    assert epochs(await read_banks_log(broker, short)) == {"a": whole["a"]}
    await restore_log(broker, store, short)
    assert await followed(broker, short) == whole


@pytest.mark.parametrize("backend", ["memory", pytest.param("kafka", marks=pytest.mark.kafka)], indirect=True)
async def test_a_topic_that_forgot_its_beginning_is_refused_until_it_is_restored(
    broker: Broker, kafka_settings: KafkaSettings, prefix: str, store: ObjectStore
) -> None:
    await live(broker, prefix, store)
    before = epochs(await read_banks_log(broker, prefix))
    await forget(broker, kafka_settings, prefix, 5)
    with pytest.raises(
        StreamError, match=r"has forgotten its first 5 records: .* run `patchline banks restore`"
    ):
        await followed(broker, prefix)
    report = await restore_log(broker, store, prefix)
    assert (report.marked, await followed(broker, prefix)) == (True, before)
    again = await restore_log(broker, store, prefix)
    assert (again.lines, again.marked) == ((), False)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(1, 8), unarchived=st.sets(st.sampled_from([("a", 1), ("a", 2), ("a", 3), ("b", 1)])))
async def test_wherever_a_topic_was_cut_no_epoch_that_either_side_still_has_is_lost(
    count: int, unarchived: set[tuple[str, int]]
) -> None:
    broker, store = MemoryBroker(), open_store(StoreSettings(url="memory://"))
    await live(broker, "p.", store)
    before = epochs(await read_banks_log(broker, "p."))
    for line, epoch in unarchived:
        await store.delete(activation_key(line, epoch))
    await forget(broker, KafkaSettings(), "p.", count)
    kept = await read_banks_log(broker, "p.")
    await restore_log(broker, store, "p.")
    after = await followed(broker, "p.")
    for line, values in before.items():
        known = [
            value
            if (line, number) not in unarchived
            or (line, number) in kept.stray
            or kept.activations.at(line, number) is not None
            else b""
            for number, value in enumerate(values, start=1)
        ]
        while known and known[-1] == b"":
            known.pop()
        assert after.get(line, []) == known
    assert (await read_banks_log(broker, "p.")).whole


async def test_an_epoch_whose_record_is_nowhere_keeps_its_number(store: ObjectStore) -> None:
    broker = MemoryBroker()
    await live(broker, "p.", store)
    await store.delete(activation_key("a", 2))
    await create(broker, "anew.")
    (restored, _) = (await restore_log(broker, store, "anew.")).lines
    history = (await read_banks_log(broker, "anew.")).activations.history("a")
    assert (restored.epochs, restored.lost) == ((1, 2, 3), (2,))
    assert [entry.activation is None for entry in history] == [False, True, False]


async def test_a_log_that_went_on_without_its_past_stays_the_authority(store: ObjectStore) -> None:
    broker = MemoryBroker()
    await live(broker, "p.", store)
    await live(broker, "anew.", open_store(StoreSettings(url="memory://")), [("a", 2)])
    before = epochs(await read_banks_log(broker, "anew."))
    report = await restore_log(broker, store, "anew.")
    (sentence,) = report.forked
    assert sentence.startswith("the epochs of a in the log are not those in the object store")
    after = epochs(await read_banks_log(broker, "anew."))
    assert after["a"] == before["a"]
    assert len(after["b"]) == 1


async def test_a_spoilt_bank_is_named_and_its_epochs_are_restored_all_the_same(store: ObjectStore) -> None:
    broker = MemoryBroker()
    await live(broker, "p.", store)
    version = next(
        version for line, _, version in (await read_banks_log(broker, "p.")).versions if line == "b"
    )
    await store.put(bank_key("b", "default", version), b"spoilt")
    await create(broker, "anew.")
    _, restored = (await restore_log(broker, store, "anew.")).lines
    assert (restored.line, restored.epochs, restored.spoilt) == ("b", (1,), (version,))


async def test_what_cannot_be_restored_is_refused_before_anything_is_written(store: ObjectStore) -> None:
    broker = MemoryBroker()
    await live(broker, "p.", store)
    with pytest.raises(RestorationRefused, match=r"neither p\.banks nor the object store has .* line c"):
        await restore_log(broker, store, "p.", line="c")
    await forget(broker, KafkaSettings(), "p.", 3)
    with pytest.raises(RestorationRefused, match="name no line"):
        await restore_log(broker, store, "p.", line="a")
    assert (await read_banks_log(broker, "p.")).end == 8


async def test_a_mark_holds_for_what_was_forgotten_before_it_only(store: ObjectStore) -> None:
    broker = MemoryBroker()
    await live(broker, "p.", store)
    await forget(broker, KafkaSettings(), "p.", 4)
    producer = await broker.producer()
    mark = Restored(from_offset=3, restored_at=NOON)
    await producer.send("p.banks", key=MARK_KEY, value=mark.to_bytes(), headers=RESTORED_HEADERS, partition=0)
    assert not (await read_banks_log(broker, "p.")).whole
    with pytest.raises(StreamError, match="has forgotten"):
        await followed(broker, "p.")


async def test_a_topic_that_was_made_anew_is_noticed_by_who_had_read_further(store: ObjectStore) -> None:
    broker = MemoryBroker()
    await live(broker, "p.", store)
    reader = await broker.reader("p.banks")
    follower = ActivationFollower(reader, "p.banks")
    await follower.read_to_end()
    broker.topic("p.banks").logs[0]._records.clear()
    with pytest.raises(StreamError, match="has 0 records where 8 were read, so it was made anew"):
        await follower.read_to_end()


async def test_gaps_tell_what_each_side_lacks(store: ObjectStore) -> None:
    broker = MemoryBroker()
    await live(broker, "p.", store)
    sound = await archive_gaps(await read_banks_log(broker, "p."), Archive(store))
    assert [(gap.line, gap.sound) for gap in sound] == [("a", True), ("b", True)]
    await store.delete(activation_key("a", 2))
    (gap, _) = await archive_gaps(await read_banks_log(broker, "p."), Archive(store))
    assert gap == replace(sound[0], unarchived=(2,))
    await copied(broker, "p.", "short.", 2)
    (gap, other) = await archive_gaps(await read_banks_log(broker, "short."), Archive(store))
    assert (gap.logged, gap.absent, other.absent) == (1, (3,), (1,))
    assert (await restore_log(broker, store, "p.")).archived == 1
