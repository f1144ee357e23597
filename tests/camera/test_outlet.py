"""Laws of the outlet: whatever becomes of the object store, no picture is lost that the ring has room for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from schemas.frame import FrameHeaders
from schemas.topics import TOPICS, TopicKind
from service.store import ObjectStore, open_store
from service.stream.base import Record
from service.stream.memory import MemoryBroker
from service.telemetry import metrics
from tests.harness.store_trouble import Trouble
from workers.camera.outlet import Outlet
from workers.camera.ring import Ring
from workers.camera.sender import Outsourcing

TOPIC = "patchline.frames"
INLINE = 1_000
PICTURE = 10_000
MOMENT = "2026-01-31T12:00:00+00:00"


class Camera:
    """An outlet whose pictures are known by their first byte."""

    def __init__(self, folder: Path, store: ObjectStore, room: int = 10**6) -> None:
        self.broker, self.store = MemoryBroker(), store
        self.ring = Ring(folder / "ring", max_bytes=room)
        self.outlet = Outlet(self.ring, self.broker, TOPIC, "line1", "cam", Outsourcing(store, INLINE))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.broker.create_topics({TOPIC: TOPICS[TopicKind.FRAMES]}, partitions=1, replication=1)
        task = asyncio.create_task(self.outlet.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def takes(self, number: int, size: int = PICTURE) -> None:
        known = {"frame_id": f"f{number}", "captured_at": MOMENT}
        await self.outlet.put(known, bytes([number]) * size)

    async def frames(self, wanted: int = 0) -> list[Record]:
        reader, found = await self.broker.reader(TOPIC), list[Record]()
        async with asyncio.timeout(60):
            while True:
                found += await reader.poll(timeout_ms=50, max_records=500)
                if len(found) >= wanted:
                    return found

    async def picture(self, record: Record) -> bytes:
        reference = FrameHeaders.parse(record.headers).frame_ref
        if reference is None:
            return record.value or b""
        return await self.store.get(reference.partition("/")[2])


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.camera.outlet._LONGEST_PAUSE", 0.3)


async def until(found: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not found():
            await asyncio.sleep(0.02)


def ids(records: list[Record]) -> list[str | None]:
    return [FrameHeaders.parse(record.headers).frame_id for record in records]


async def test_while_the_store_takes_nothing_pictures_wait_in_order_and_all_arrive_afterwards(
    tmp_path: Path, trouble: Trouble
) -> None:
    camera = Camera(tmp_path, open_store(trouble.settings))
    async with camera.running():
        await camera.takes(1)
        await camera.frames(1)
        trouble.begin()
        for number in (2, 3):
            await camera.takes(number)
        await camera.takes(4, size=10)
        await until(lambda: camera.outlet.complaint is not None)
        assert trouble.said in str(camera.outlet.complaint)
        assert (len(await camera.frames()), camera.outlet.waiting) == (1, 3)
        trouble.end()
        frames = await camera.frames(4)
        await until(lambda: camera.outlet.waiting == 0)
    assert ids(frames) == ["f1", "f2", "f3", "f4"]
    assert [await camera.picture(frame) for frame in frames] == [
        *(bytes([number]) * PICTURE for number in (1, 2, 3)),
        bytes([4]) * 10,
    ]
    assert camera.outlet.complaint is None


async def test_what_the_ring_has_no_room_for_meanwhile_is_the_oldest_and_is_counted(
    tmp_path: Path, trouble: Trouble
) -> None:
    camera = Camera(tmp_path, open_store(trouble.settings), room=3 * PICTURE + 1_000)
    counted = metrics.CAMERA_DROPPED.labels(line="line1", camera="cam")
    before = counted._value.get()
    trouble.begin()
    async with camera.running():
        for number in range(1, 8):
            await camera.takes(number)
        # A try that began before the last picture came may be of one that was dropped since: let it end.
        camera.outlet.complaint = None
        await until(lambda: camera.outlet.complaint is not None)
        assert camera.ring.size <= 3 * PICTURE + 1_000
        trouble.end()
        frames = await camera.frames(3)
        await until(lambda: camera.outlet.waiting == 0)
    assert ids(frames) == ["f5", "f6", "f7"]
    assert counted._value.get() - before == 4
