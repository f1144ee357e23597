import asyncio
import os
import signal
from pathlib import Path

from schemas.frame import FrameHeaders
from schemas.topics import TOPICS, TopicKind
from service.settings import InspectorSettings, KafkaSettings, Settings, StoreSettings
from service.stream.base import Record
from service.stream.memory import MemoryBroker
from workers.camera.program import FolderCamera, run_camera

TOPIC = "patchline.frames"
SETTINGS = Settings(
    kafka=KafkaSettings(max_message_bytes=1_000_000),
    inspector=InspectorSettings(max_reference_bytes=1_500_000),
    store=StoreSettings(url="memory://"),
)


async def frames(broker: MemoryBroker, wanted: int) -> list[Record]:
    reader, found = await broker.reader(TOPIC), list[Record]()
    async with asyncio.timeout(20):
        while len(found) < wanted:
            found += await reader.poll(timeout_ms=100, max_records=100)
    return found


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_pictures_of_a_folder_become_frames_until_the_camera_is_told_to_stop(tmp_path: Path) -> None:
    broker = MemoryBroker(SETTINGS.kafka)
    await broker.create_topics({TOPIC: TOPICS[TopicKind.FRAMES]}, partitions=2, replication=1)
    (tmp_path / "a.png").write_bytes(b"first")
    (tmp_path / "huge.png").write_bytes(bytes(1_500_001))
    camera = FolderCamera("line1", tmp_path, "left", seconds=0.02)
    running = asyncio.create_task(run_camera(SETTINGS, camera, broker=broker))
    await frames(broker, 1)
    (tmp_path / "b.png").write_bytes(b"second")
    records = await frames(broker, 2)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == 0
    known = [FrameHeaders.parse(record.headers) for record in records]
    assert [(head.frame_id, head.camera) for head in known] == [("a.png", "left"), ("b.png", "left")]
    assert [record.value for record in records] == [b"first", b"second"]
    assert names_in(tmp_path) == ["a.png", "b.png", "huge.png"]
