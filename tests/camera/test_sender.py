from datetime import UTC, datetime

import pytest

from schemas.frame import FrameHeaders
from schemas.topics import TOPICS, TopicKind
from service.stream.base import Placed, Producer, Record
from service.stream.memory import MemoryBroker
from tests.parts import draw_part, encode_jpeg
from workers.camera.sender import FrameSender

TOPIC = "patchline.frames"
MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
async def broker() -> MemoryBroker:
    made = MemoryBroker()
    await made.create_topics({TOPIC: TOPICS[TopicKind.FRAMES]}, partitions=4, replication=1)
    return made


async def sent(broker: MemoryBroker) -> list[Record]:
    reader = await broker.reader(TOPIC)
    return list(await reader.poll(timeout_ms=100, max_records=100))


async def producer(broker: MemoryBroker) -> Producer:
    return await broker.producer()


async def test_a_frame_carries_the_bytes_under_the_line_and_what_the_camera_knows(
    broker: MemoryBroker,
) -> None:
    sender = FrameSender(await producer(broker), TOPIC)
    data = encode_jpeg(draw_part(1, size=(64, 64)))
    placed = await sender.send(
        "line1", data, frame_id="a.jpg", captured_at=MOMENT, camera="left", part_id="42"
    )
    (record,) = await sent(broker)
    assert (record.key, record.value) == (b"line1", data)
    assert placed == Placed(record.partition, record.offset, record.timestamp_ms)
    known = FrameHeaders.parse(record.headers)
    assert (known.frame_id, known.captured_at, known.camera, known.part_id) == ("a.jpg", MOMENT, "left", "42")


async def test_a_frame_is_a_cloud_event_with_the_pictures_type(broker: MemoryBroker) -> None:
    sender = FrameSender(await producer(broker), TOPIC)
    await sender.send("line1", encode_jpeg(draw_part(1, size=(64, 64))), frame_id="a.jpg", captured_at=MOMENT)
    await sender.send("line1", b"no picture", captured_at=MOMENT)
    types = sorted(dict(record.headers)["content-type"] for record in await sent(broker))
    assert types == [b"application/octet-stream", b"image/jpeg"]


async def test_frames_without_an_id_differ_as_events(broker: MemoryBroker) -> None:
    sender = FrameSender(await producer(broker), TOPIC)
    for minute in (0, 1):
        await sender.send("line1", b"same", captured_at=MOMENT.replace(minute=minute))
    records = await sent(broker)
    assert len({dict(record.headers)["ce_id"] for record in records}) == 2
    assert all(FrameHeaders.parse(record.headers).frame_id is None for record in records)


@pytest.mark.parametrize(("line", "frame_id"), [("Line 1", "a"), ("line1", "ä"), ("", None)])
async def test_ids_that_break_their_rule_are_refused_and_nothing_is_sent(
    broker: MemoryBroker, line: str, frame_id: str | None
) -> None:
    sender = FrameSender(await producer(broker), TOPIC)
    with pytest.raises(ValueError, match="id"):
        await sender.send(line, b"x", frame_id=frame_id)
    assert await sent(broker) == []
