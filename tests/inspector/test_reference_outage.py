"""A frame by reference, and an object store that is away: nothing is said of it, and it comes again."""

import asyncio

import pytest

from schemas.ids import sha256_hex
from schemas.topics import TopicKind
from service.store.errors import StoreUnreachable
from tests.extraction.lines import GOOD
from tests.inspector.plant import Plant
from workers.inspector import intake

pytestmark = pytest.mark.slow

KEY = "camera/part.png"
TRIES = 2


async def test_an_inspector_that_cannot_fetch_a_reference_ends_and_the_next_one_judges_the_frame(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await plant.put_in_force("line1")
    await plant.store.put(KEY, GOOD)
    headers = (("frame-ref", f"store/{KEY}".encode()), ("frame-sha256", sha256_hex(GOOD).encode()))
    await plant.send("line1", b"", headers=headers)
    get, given_up, tried = plant.store.get, asyncio.Event(), 0

    async def away(key: str, *, max_bytes: int | None = None) -> bytes:
        nonlocal tried
        if key != KEY:
            return await get(key, max_bytes=max_bytes)
        tried += 1
        if tried == TRIES:
            given_up.set()
        raise StoreUnreachable("the store is away: try again")

    monkeypatch.setattr(intake, "_FETCH_TRIES", TRIES)
    with monkeypatch.context() as outage:
        outage.setattr(plant.store, "get", away)
        with pytest.raises(StoreUnreachable, match=f"could not be fetched in {TRIES} tries: check the store"):
            await _inspect_until(plant, given_up)
    # Its process has ended, and with it its place in the group.
    await plant.broker.close()
    assert await plant.records(TopicKind.VERDICTS) == await plant.records(TopicKind.DEAD_LETTERS) == []
    assert not any((await plant.committed()).values())
    async with plant.inspecting():
        (verdict,) = await plant.verdicts(1)
    assert verdict.frame_sha256 == sha256_hex(GOOD)


async def _inspect_until(plant: Plant, event: asyncio.Event) -> None:
    async with plant.inspecting():
        async with asyncio.timeout(60):
            await event.wait()
        # Longer than it pauses: it ends by itself, not because it is told to.
        await asyncio.sleep(1)
