"""Laws of standing still: frames wait and nothing is committed, and nothing else is taken for it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import TOPICS, TopicKind
from service.runtime.start import topic_specs
from service.stream.memory import MemoryBroker
from workers.inspector.progress import Progress, Stalled, StallWatch

FRAMES = TOPICS[TopicKind.FRAMES].name("patchline.")


@given(st.lists(st.integers(0, 5), min_size=1))
def test_whoever_has_nothing_to_do_never_stands_still(offsets: list[int]) -> None:
    progress = Progress(0)
    for now, offset in enumerate(offsets):
        progress.saw(now, {0: offset}, {0: offset})
        assert progress.standing(now) == 0


@given(st.lists(st.booleans(), min_size=1))
def test_standing_is_the_time_since_the_last_commit_while_frames_wait(moves: list[bool]) -> None:
    progress, offset, last = Progress(0), 0, 0
    for now, moved in enumerate(moves):
        offset += moved
        last = now if moved else last
        progress.saw(now, {0: offset, 1: 7}, {0: 1000, 1: 7})
        assert progress.standing(now) == now - last


async def _watching(committed: dict[int, int], sent: int, *, expired: int = 0) -> StallWatch:
    broker = MemoryBroker()
    await broker.create_topics(topic_specs("patchline."), partitions=1, replication=1)
    producer = await broker.producer()
    for _ in range(sent):
        await producer.send(FRAMES, key=b"line1", value=b"frame", partition=0)
    log = broker.topic(FRAMES).logs[0]
    while log.first < expired:
        log._records.popleft()
        log.first += 1
    member = await broker.join(FRAMES, "group")
    watch = StallWatch(broker, FRAMES, member, 0.2)
    async with asyncio.timeout(1.0):
        await watch.run(lambda: committed)
    return watch


async def test_an_inspector_that_stands_still_ends_with_a_sentence() -> None:
    with pytest.raises(Stalled, match=r"frames wait on patchline\.frames and no offset was committed"):
        await _watching({0: 2}, sent=3)


@pytest.mark.parametrize(("sent", "expired"), [(2, 0), (5, 5)], ids=["all-committed", "the-rest-expired"])
async def test_an_inspector_without_work_goes_on(sent: int, expired: int) -> None:
    with pytest.raises(TimeoutError) as ended:
        await _watching({0: 2}, sent, expired=expired)
    assert not isinstance(ended.value, Stalled)


async def test_readiness_is_lost_at_half_the_time() -> None:
    broker = MemoryBroker()
    await broker.create_topics(topic_specs("patchline."), partitions=1, replication=1)
    await (await broker.producer()).send(FRAMES, key=b"line1", value=b"frame", partition=0)
    watch = StallWatch(broker, FRAMES, await broker.join(FRAMES, "group"), 0.5)
    assert watch.complaint() is None
    await asyncio.sleep(0.3)
    assert (watch.complaint() or "").startswith("no offset was committed for")
