"""The demo's camera: its stream begins when every line has judged, and each cell passes once a round."""

import asyncio
from pathlib import Path
from uuid import uuid4

from schemas.reasons import VerdictKind
from schemas.topics import TOPICS, TopicKind
from service.stream.memory import MemoryBroker
from tests.parts import draw_part, encode_jpeg
from tests.schemas.test_messages import a_verdict
from workers.camera.sender import FrameSender
from workers.demo.camera import send_cells
from workers.demo.cells import Cell
from workers.demo.tally import Tally

TOPIC = "patchline.frames"


async def test_the_stream_begins_when_every_line_has_judged_a_frame(tmp_path: Path) -> None:
    broker, tally, stop = MemoryBroker(), Tally(), asyncio.Event()
    await broker.create_topics({TOPIC: TOPICS[TopicKind.FRAMES]}, partitions=4, replication=1)
    cells = [cell_of(tmp_path, number, ("mono", "poly")[number // 3]) for number in range(6)]
    sending = asyncio.create_task(
        send_cells(FrameSender(await broker.producer(), TOPIC), cells, 1000, tally, stop)
    )
    await asyncio.sleep(0.2)
    assert sorted(tally.sent) == ["cell0", "cell3"]
    judge(tally, "cell0")
    await asyncio.sleep(0.2)
    assert not tally.begun
    judge(tally, "cell3")
    async with asyncio.timeout(10):
        while len(tally.sent) < 12:  # noqa: ASYNC110 - it signals nothing
            await asyncio.sleep(0.01)
    stop.set()
    await sending
    assert tally.latencies_ms == []  # What the banks took to come is not the stream's.
    assert sorted(list(tally.sent)[:6]) == [cell.name for cell in cells]


async def test_a_camera_that_is_stopped_before_its_stream_began_ends(tmp_path: Path) -> None:
    broker, stop = MemoryBroker(), asyncio.Event()
    await broker.create_topics({TOPIC: TOPICS[TopicKind.FRAMES]}, partitions=4, replication=1)
    sender = FrameSender(await broker.producer(), TOPIC)
    sending = asyncio.create_task(send_cells(sender, [cell_of(tmp_path, 0, "mono")], 1000, Tally(), stop))
    await asyncio.sleep(0.1)
    stop.set()
    async with asyncio.timeout(5):
        await sending


def cell_of(folder: Path, number: int, line: str) -> Cell:
    path = folder / f"cell{number}.jpg"
    path.write_bytes(encode_jpeg(draw_part(number, size=(32, 32))))
    return Cell(path, line, 0.0)


def judge(tally: Tally, frame_id: str) -> None:
    told = {"frame_uid": uuid4(), "frame_id": frame_id, "line": tally.sent[frame_id].line}
    tally.add(a_verdict(VerdictKind.OK).model_copy(update=told), 2.0)
