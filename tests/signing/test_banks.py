"""Laws of a signed installation: nothing comes into force that nobody who is trusted signed."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from schemas.activation import Activated, Published
from schemas.frame import Headers
from schemas.topics import TOPICS, TopicKind
from service.banks.activation_log import ActivationLog, Entry, activation_headers
from service.banks.activation_reader import ActivationFollower
from service.banks.activation_writer import Lost
from service.banks.bank_file import write_bank
from service.banks.cache import MemoryCache
from service.banks.host_files import HostFiles
from service.banks.refusal import BankRefused, Refusal
from service.banks.source import BankSource
from service.settings import StoreSettings
from service.signing.refusal import SignatureFault
from service.signing.signature import SIGNATURE_HEADER
from service.signing.trust import Trust
from service.store import ObjectStore, open_store
from service.store.keys import activation_key, activation_signature_key, bank_signature_key
from service.stream.base import Record
from service.stream.memory import MemoryBroker
from service.training.publish import Outlets, open_outlets
from tests.banks.conftest import draft_of, manifest_of, small_bank
from tests.signing.keyring import BANKS, COMMANDS, Keyring

TOPIC = "p.banks"
FILE = write_bank(small_bank(), manifest_of(small_bank()))
Spoil = Callable[[bytes, Headers], tuple[bytes, Headers]]


class Stand:
    """An installation with keys, whose banks are put in force by ``plant``."""

    def __init__(self, ring: Keyring) -> None:
        self.ring = ring
        self.broker = MemoryBroker()
        self.store: ObjectStore = open_store(StoreSettings(url="memory://"))

    def outlets(self, key: str = "plant") -> AbstractAsyncContextManager[Outlets]:
        return open_outlets(self.broker, self.store, MemoryCache(), "p.", self.ring.signing(key))

    async def put_in_force(self, key: str = "plant", based_on: int | None = None) -> Activated | Lost:
        async with self.outlets(key) as outlets:
            published = await outlets.publisher.publish(FILE)
            draft = draft_of(published.version, size_bytes=len(FILE), based_on=based_on)
            return await outlets.writer.activate("line1", draft)

    async def write(self, value: bytes, headers: Headers) -> None:
        producer = await self.broker.producer()
        await producer.send(TOPIC, key=b"line1", value=value, headers=headers, partition=0)

    async def records(self) -> list[Record]:
        return list(await (await self.broker.reader(TOPIC)).poll(timeout_ms=10, max_records=100))

    async def log(self, trust: Trust | None = None) -> ActivationLog:
        reader = await self.broker.reader(TOPIC)
        follower = ActivationFollower(reader, TOPIC, trust=trust or self.ring.trust())
        await follower.read_to_end()
        return follower.log

    async def current(self) -> Entry:
        entry = (await self.log()).current("line1")
        assert entry is not None
        return entry

    async def fetch(self, folder: Path, made: Activated, signature: str | None) -> Path:
        source = BankSource(self.store, MemoryCache(), folder, trust=self.ring.trust())
        return await source.fetch(made.line, made.model, made.version, made.size_bytes, signature)


@pytest.fixture
async def stand(ring: Keyring) -> Stand:
    ring.new("plant", BANKS)
    ring.new("page", COMMANDS)
    stand = Stand(ring)
    await stand.broker.create_topics({TOPIC: TOPICS[TopicKind.BANKS]}, partitions=1, replication=1)
    return stand


async def in_force(stand: Stand) -> Activated:
    made = await stand.put_in_force()
    assert isinstance(made, Activated)
    return made


async def test_what_the_plant_signs_comes_into_force_with_its_signatures_kept(
    stand: Stand, tmp_path: Path
) -> None:
    made = await in_force(stand)
    entry = await stand.current()
    assert entry.activation == made
    assert made.bank_signature is not None
    stored = await stand.store.get(bank_signature_key("line1", "default", made.version))
    assert stored == made.bank_signature.encode()
    assert await stand.store.get(activation_signature_key("line1", 1)) == entry.signature
    for signature in (made.bank_signature, None):
        assert (await stand.fetch(tmp_path, made, signature)).read_bytes() == FILE
    published = Published.from_bytes((await stand.records())[0].value or b"")
    assert published.bank_signature == made.bank_signature


def unsigned(value: bytes, headers: Headers) -> tuple[bytes, Headers]:
    return value, tuple((name, text) for name, text in headers if name != SIGNATURE_HEADER)


def changed(value: bytes, headers: Headers) -> tuple[bytes, Headers]:
    return value.replace(b'"epoch":1', b'"epoch":2'), headers


def moved(value: bytes, headers: Headers) -> tuple[bytes, Headers]:
    return value, headers


def scrawled(value: bytes, headers: Headers) -> tuple[bytes, Headers]:
    return value, (*headers, (SIGNATURE_HEADER, b"me"))


SPOILT: list[tuple[Spoil, SignatureFault]] = [
    (unsigned, SignatureFault.MISSING),
    (changed, SignatureFault.WRONG),
    (moved, SignatureFault.MOVED),
    (scrawled, SignatureFault.MALFORMED),
]


@pytest.mark.parametrize(("spoil", "fault"), SPOILT)
async def test_a_strangers_epoch_counts_and_changes_nothing(
    stand: Stand, spoil: Spoil, fault: SignatureFault
) -> None:
    made = await in_force(stand)
    (_, record) = await stand.records()
    value, headers = spoil(record.value or b"", record.headers)
    await stand.write(value, (*headers, *activation_headers("line1", 2)))
    log = await stand.log()
    burnt = log.current("line1")
    assert burnt is not None
    assert (burnt.epoch, burnt.activation, burnt.fault) == (2, None, fault)
    good = log.last_good("line1")
    assert good is not None
    assert (good.epoch, good.activation) == (1, made)
    assert log.newest_trusted("line1") == good
    # Who built on the epoch that is truly in force goes on after the one that was burnt.
    after = await stand.put_in_force(based_on=1)
    assert isinstance(after, Activated)
    assert after.epoch == 3
    assert (await stand.current()).activation == after


async def test_the_pages_key_puts_no_bank_in_force(stand: Stand) -> None:
    page = stand.ring.signing("page", COMMANDS).signer
    made = await in_force(stand)
    assert page is not None
    value = made.model_copy(update={"epoch": 2}).to_bytes()
    await stand.write(value, (*activation_headers("line1", 2), *page.record("line1", value)))
    assert (await stand.current()).fault is SignatureFault.UNKNOWN_KEY


async def test_a_bank_without_a_trusted_signature_is_refused_before_it_is_fetched(
    stand: Stand, tmp_path: Path
) -> None:
    made = await in_force(stand)
    key = bank_signature_key("line1", "default", made.version)
    signature = (await stand.store.get(key)).decode()
    other = signature[:30] + ("B" if signature[30] == "A" else "A") + signature[31:]
    for text in (other, "none", "x" * 5000):
        await stand.store.put(key, text.encode())
        for given in (text, None):
            with pytest.raises(BankRefused) as caught:
                await stand.fetch(tmp_path, made, given)
            assert caught.value.reason is Refusal.UNTRUSTED
    assert not HostFiles(tmp_path / "banks")._files()


async def test_a_bank_that_nobody_signed_is_refused(stand: Stand, tmp_path: Path) -> None:
    async with open_outlets(stand.broker, stand.store, MemoryCache(), "p.") as outlets:
        published = await outlets.publisher.publish(FILE)
    source = BankSource(stand.store, MemoryCache(), tmp_path, trust=stand.ring.trust())
    with pytest.raises(BankRefused, match="carries no signature"):
        await source.fetch("line1", "default", published.version, len(FILE))


async def test_keys_are_replaced_one_by_one_and_what_is_put_in_force_again_outlives_the_old(
    stand: Stand, tmp_path: Path
) -> None:
    first = await in_force(stand)
    stand.ring.new("next", BANKS)
    assert (await stand.current()).activation == first
    second = await stand.put_in_force("next")
    assert isinstance(second, Activated)
    stand.ring.forget("plant", BANKS)
    log = await stand.log()
    assert [entry.fault for entry in log.history("line1")] == [SignatureFault.UNKNOWN_KEY, None]
    assert (await stand.fetch(tmp_path, second, None)).read_bytes() == FILE
    with pytest.raises(BankRefused, match="does not trust"):
        await stand.fetch(tmp_path, first, first.bank_signature)


async def test_an_epoch_and_its_file_are_written_by_a_later_program_with_the_signature(stand: Stand) -> None:
    await in_force(stand)
    async with stand.outlets() as outlets:
        assert await outlets.writer.archive() == 0
    entry = await stand.current()
    assert await stand.store.get(activation_key("line1", 1)) == entry.value


async def test_without_keys_a_signed_log_is_read_as_ever(stand: Stand) -> None:
    made = await in_force(stand)
    entry = (await stand.log(Trust())).current("line1")
    assert entry is not None
    assert entry.activation == made
