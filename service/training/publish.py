"""Out to the line: parts, features and bank into the store, then the records that say so."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from schemas.activation import Activated
from schemas.topics import TOPICS, TopicKind
from service.banks.activation_reader import ActivationFollower
from service.banks.activation_writer import ActivationDraft, ActivationWriter, Lost
from service.banks.cache import BankCache
from service.banks.publisher import BankPublisher
from service.signing.signatures import UNSIGNED, Signatures
from service.store import ObjectStore
from service.store.keys import part_key
from service.stream.base import Broker
from service.training.built import BuiltBank
from service.training.features import FeatureCache

WRITES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where a bank goes."""

    store: ObjectStore
    publisher: BankPublisher
    writer: ActivationWriter


@asynccontextmanager
async def open_outlets(
    broker: Broker,
    store: ObjectStore,
    cache: BankCache,
    topic_prefix: str,
    signatures: Signatures = UNSIGNED,
) -> AsyncIterator[Outlets]:
    """The outlets of an installation; what is opened is closed at the end. ``signatures`` are those of a
    program that publishes banks. Raises ``StreamError``."""
    topic = TOPICS[TopicKind.BANKS].name(topic_prefix)
    producer = signatures.producer(await broker.producer())
    follower = ActivationFollower(await broker.reader(topic), topic, trust=signatures.trust)
    signer = signatures.signer
    try:
        publisher = BankPublisher(store, cache, producer, topic, signer=signer)
        yield Outlets(store, publisher, ActivationWriter(producer, follower, store, topic, signer=signer))
    finally:
        await follower.close()
        await producer.close()


async def publish_bank(
    outlets: Outlets,
    built: BuiltBank,
    frames: Mapping[str, bytes],
    *,
    actor: str,
    why: str = "",
    command_id: UUID | None = None,
    based_on: int | None = None,
    grown_from: str | None = None,
) -> Activated | Lost:
    """Store the parts' ``frames`` (by sha256) and features, publish the bank, and put it in force; ``Lost``
    when the line has moved on from epoch ``based_on``. ``grown_from`` is the version that it grew out of.
    Each step can be made again; with a ``command_id`` the whole can. Waits for store and broker. Raises
    ``StoreError``, ``StreamError`` and ``BankRefused``."""
    await store_parts(outlets.store, built, frames)
    await outlets.publisher.publish(built.data, based_on=grown_from, command_id=command_id)
    draft = ActivationDraft(
        model=built.manifest.model,
        version=built.version,
        size_bytes=len(built.data),
        thresholds=built.thresholds,
        based_on=based_on,
        command_id=command_id,
        actor=actor,
        why=why,
    )
    return await outlets.writer.activate(built.manifest.line, draft)


async def store_parts(store: ObjectStore, built: BuiltBank, frames: Mapping[str, bytes]) -> None:
    """Keep the parts' frames where retention never comes, and their features. Raises ``StoreError``."""
    line, model = built.manifest.line, built.manifest.model
    cache = FeatureCache(store, built.manifest)
    gate = asyncio.Semaphore(WRITES_AT_ONCE)

    async def keep(sha256: str, data: bytes) -> None:
        async with gate:
            await store.put(part_key(line, model, sha256), data)
            await cache.put(sha256, built.features[sha256])

    await asyncio.gather(*(keep(sha256, data) for sha256, data in frames.items()))
