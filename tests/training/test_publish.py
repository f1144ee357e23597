from uuid import UUID

import numpy as np

from schemas.activation import Activated
from schemas.topics import TOPICS, TopicKind
from service.banks.activation_writer import Lost
from service.banks.cache import MemoryCache
from service.settings import StoreSettings
from service.store import open_store
from service.store.keys import bank_key, part_key
from service.stream.memory import MemoryBroker
from service.training.build import build_bank
from service.training.features import FeatureCache
from service.training.publish import open_outlets, publish_bank
from tests.training.parts import QUICK, QuickNetwork, good_parts

TOPIC = TOPICS[TopicKind.BANKS]


async def test_a_published_bank_is_in_force_with_its_parts_and_features_kept() -> None:
    broker, store, cache = MemoryBroker(), open_store(StoreSettings(url="memory://")), MemoryCache()
    await broker.create_topics({TOPIC.name("p."): TOPIC}, partitions=1, replication=1)
    parts = good_parts(6)
    built = build_bank("line1", "default", parts, QUICK, QuickNetwork())
    async with open_outlets(broker, store, cache, "p.") as outlets:
        frames = {part.sha256: part.data for part in parts}
        command = UUID(int=7)
        first = await publish_bank(outlets, built, frames, actor="ann", why="start", command_id=command)
        again = await publish_bank(outlets, built, frames, actor="ann", command_id=command)
        late = await publish_bank(outlets, built, frames, actor="bob", based_on=7)
    assert isinstance(first, Activated)
    assert (first.epoch, first.version, first.actor, first.why) == (1, built.version, "ann", "start")
    assert first.thresholds == built.thresholds
    assert again == first
    assert isinstance(late, Lost)
    assert await store.get(bank_key("line1", "default", built.version)) == built.data
    for part in parts:
        assert await store.get(part_key("line1", "default", part.sha256)) == part.data
        kept = await FeatureCache(store, built.manifest).get(part.sha256)
        assert kept is not None
        assert np.array_equal(kept, built.features[part.sha256])


async def test_spoilt_or_missing_features_are_taken_for_none() -> None:
    store = open_store(StoreSettings(url="memory://"))
    built = build_bank("line1", "default", good_parts(6), QUICK, QuickNetwork())
    cache, part = FeatureCache(store, built.manifest), built.manifest.parts[0].sha256
    assert await cache.get(part) is None
    await cache.put(part, np.full((1, 1, 1), 1, np.float16))
    assert await cache.get(part) is None
    await store.put(cache._key(part), b"rubbish")
    assert await cache.get(part) is None
