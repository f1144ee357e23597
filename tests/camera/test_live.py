"""The camera as a program: pictures reach the stream, wait while the broker is away, and faults are told."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from schemas.frame import FrameHeaders
from schemas.ids import sha256_hex
from schemas.line_event import LineEvent
from schemas.topics import TopicKind
from service.embedded.server import free_port
from service.runtime.start import topic_specs
from service.settings import CameraSettings, InspectorSettings, Settings, StoreSettings
from service.store import open_store
from service.stream.base import Producer, Record, StreamError
from service.stream.memory import MemoryBroker
from tests.camera.films import Channel, colour_of, film, written
from workers.camera.address import source_address
from workers.camera.encoding import Encoding
from workers.camera.live import LiveCamera, run_live


class Broker(MemoryBroker):
    """A broker that can be out of reach."""

    away = False

    async def producer(self) -> Producer:
        if self.away:
            raise StreamError("the broker is away: start it")
        return await super().producer()


class Line:
    """A line with a camera, on a broker in memory."""

    def __init__(self, folder: Path, **camera: int) -> None:
        self.settings = Settings(
            store=StoreSettings(url="memory://", cache_dir=folder / "cache"), camera=CameraSettings(**camera)
        )
        self.broker = Broker()
        self.store = open_store(self.settings.store)

    async def open(self) -> "Line":
        await self.broker.create_topics(topic_specs("patchline."), partitions=1, replication=1)
        return self

    @contextlib.asynccontextmanager
    async def running(self, source: str, **camera: Any) -> AsyncIterator["asyncio.Task[int]"]:
        """The camera runs meanwhile, and ends by SIGTERM, unless it ended by itself."""
        live = LiveCamera("line1", source_address(source), "cam", **camera)
        task = asyncio.create_task(run_live(self.settings, live, broker=self.broker, store=self.store))
        await asyncio.sleep(0)
        try:
            yield task
        finally:
            if not task.done():
                os.kill(os.getpid(), signal.SIGTERM)
            assert await asyncio.wait_for(task, 30) == 0

    async def records(self, kind: TopicKind, wanted: int) -> list[Record]:
        reader, found = await self.broker.reader(f"patchline.{kind.value}"), list[Record]()
        async with asyncio.timeout(30):
            while len(found) < wanted:
                found += await reader.poll(timeout_ms=50, max_records=500)
        return found

    async def frames(self, wanted: int) -> list[Record]:
        return await self.records(TopicKind.FRAMES, wanted)


def colour(record: Record) -> str:
    picture = cv2.imdecode(np.frombuffer(record.value or b"", np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return colour_of(picture.astype(np.uint8))


async def test_a_video_becomes_frames_with_their_moments_and_the_program_ends_with_it(tmp_path: Path) -> None:
    line = await Line(tmp_path).open()
    path = written(tmp_path, film(["red", "green", "blue"], each=20))
    async with line.running(str(path), rate=10.0, encoding=Encoding(None)) as task:
        assert await asyncio.wait_for(task, 30) == 0
    frames = await line.frames(3)
    assert list(dict.fromkeys(colour(frame) for frame in frames)) == ["red", "green", "blue"]
    heads = [FrameHeaders.parse(frame.headers) for frame in frames]
    moments = [head.captured_at for head in heads]
    assert moments == sorted(set(moments), key=str)
    assert {head.camera for head in heads} == {"cam"}
    assert len({head.frame_id for head in heads}) == len(frames) < 45


async def test_pictures_wait_on_disk_while_the_broker_is_away_and_after_a_restart(tmp_path: Path) -> None:
    line = await Line(tmp_path).open()
    line.broker.away = True
    path = written(tmp_path, film(["red"], each=20))
    async with line.running(str(path), rate=20.0):
        while len(list((tmp_path / "cache").rglob("*.frame"))) < 3:
            await asyncio.sleep(0.02)
    waiting = len(list((tmp_path / "cache").rglob("*.frame")))
    assert waiting >= 3
    line.broker.away = False
    async with line.running(str(path), rate=20.0):
        frames = await line.frames(waiting + 1)
    ids = [FrameHeaders.parse(frame.headers).frame_id for frame in frames]
    assert len(set(ids)) == len(ids)
    assert list((tmp_path / "cache").rglob("*.frame")) == []


async def test_a_frame_that_no_message_holds_goes_by_reference(tmp_path: Path) -> None:
    line = await Line(tmp_path).open()
    line.settings = line.settings.model_copy(update={"inspector": InspectorSettings(max_inline_bytes=50)})
    path = written(tmp_path, film(["red"], each=4))
    async with line.running(str(path), rate=20.0):
        frame = (await line.frames(1))[0]
    head = FrameHeaders.parse(frame.headers)
    assert frame.value == b""
    assert head.frame_ref is not None
    data = await line.store.get(head.frame_ref.partition("/")[2])
    assert sha256_hex(data) == head.frame_sha256


async def test_a_trigger_takes_one_picture_made_after_it_with_its_part(tmp_path: Path) -> None:
    line, port = await Line(tmp_path).open(), free_port()
    channel = Channel([film(["red", "green"] * 8, each=20)])
    async with channel.serving() as url, line.running(url, trigger=f"http:{port}"):
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(30):
            for number in range(3):
                while True:
                    with contextlib.suppress(httpx.HTTPError):
                        answer = await client.post(f"http://127.0.0.1:{port}/trigger?part-id=p{number}")
                        if answer.status_code == 202:
                            break
                    await asyncio.sleep(0.05)
        frames = await line.frames(3)
        await asyncio.sleep(0.2)
        assert len(await line.frames(3)) == 3
    assert [FrameHeaders.parse(frame.headers).part_id for frame in frames] == ["p0", "p1", "p2"]


async def test_a_file_triggers_each_time_that_it_is_written(tmp_path: Path) -> None:
    line, flag = await Line(tmp_path).open(), tmp_path / "flag"
    channel = Channel([film(["red"] * 8, each=40)])
    async with channel.serving() as url, line.running(url, trigger=f"file:{flag}"):
        await asyncio.sleep(0.5)
        for part in ("a-1", "b-22"):
            before = len(await line.frames(0))
            flag.write_text(f"{part}\n")
            await line.frames(before + 1)
        frames = await line.frames(2)
    assert [FrameHeaders.parse(frame.headers).part_id for frame in frames][:2] == ["a-1", "b-22"]


async def test_a_camera_that_fails_is_told_of_on_its_line_and_told_of_again_when_it_is_back(
    tmp_path: Path,
) -> None:
    line = await Line(tmp_path).open()
    channel = Channel([film(["red"]), film(["green"], each=600)], hang=True)
    async with channel.serving() as url, line.running(url, rate=10.0, seconds=1.0):
        events = [
            LineEvent.from_bytes(record.value or b"")
            for record in await line.records(TopicKind.LINE_EVENTS, 2)
        ]
    assert [event.camera_fault for event in events[:2]] == [True, False]
    assert {event.camera for event in events} == {"cam"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"line": "Line 1"}, "line id"), ({"name": "a b"}, "camera name"), ({"trigger": "x"}, "http:")],
)
def test_what_is_no_line_name_or_trigger_is_refused(wrong: dict[str, str], said: str) -> None:
    options = {"line": "line1", "name": "cam", **wrong}
    with pytest.raises(ValueError, match=said):
        LiveCamera(address=source_address("usb:0"), **options)  # type: ignore[arg-type]
