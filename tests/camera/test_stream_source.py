"""Streams: right colours from the first picture on, also after a cut, and faults in sentences."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.camera.films import Channel, colour_of, film, written
from workers.camera.address import source_address
from workers.camera.grabber import Grabber
from workers.camera.reading import ReadCamera
from workers.camera.source import Captured, SourceEnded, SourceFault


def shown(source: ReadCamera) -> list[str]:
    """Every colour that a source gives until it ends, one after the other."""
    colours = list[str]()
    with pytest.raises((SourceEnded, SourceFault)):
        colours.extend(colour_of(captured.pixels) for captured in source.pictures())
    return list(dict.fromkeys(colours))


def test_a_video_is_seen_from_its_first_to_its_last_picture(tmp_path: Path) -> None:
    path = written(tmp_path, film(["red", "green", "blue"]))
    source = ReadCamera(source_address(str(path)), 5)
    pictures = list[Captured]()
    with pytest.raises(SourceEnded, match=r"film\.ts has come to its end"):
        pictures.extend(source.pictures())
    assert len(pictures) == 30
    assert shown(ReadCamera(source_address(str(path)), 5)) == ["red", "green", "blue"]


async def test_colours_are_right_from_the_first_picture_after_a_cut_whatever_the_camera_sends_then() -> None:
    """The stream comes back in another pixel format, codec and size, and joined between two key frames: a
    decoder or a converter that outlives the cut would show the picture before it, or grey."""
    begun_late = film(["green", "yellow"], pixels="yuv422p", size=(160, 120), each=40)[188 * 40 :]
    films = [film(["red"]), begun_late, film(["blue"], codec="mjpeg", pixels="yuvj420p", container="mpjpeg")]
    channel = Channel(films)
    async with channel.serving() as url:
        seen = list[tuple[int, str]]()
        address = source_address(url)
        grabber = Grabber(lambda: ReadCamera(address, 5), address.told, 5)
        last: Captured | None = None
        async with asyncio.timeout(40):
            while "blue" not in [colour for _, colour in seen]:
                last = await grabber.next(last)
                assert last is not None
                seen.append((channel.connections, colour_of(last.pixels)))
        grabber.close()
    assert {colour for _, colour in seen} <= {"red", "green", "yellow", "blue"}
    assert channel.connections >= 3
    assert grabber.reconnects >= 2


async def test_a_stream_that_stalls_is_a_fault_and_is_opened_again() -> None:
    channel = Channel([film(["red"]), film(["green"])], hang=True)
    async with channel.serving() as url:
        address = source_address(url)
        grabber = Grabber(lambda: ReadCamera(address, 1), address.told, 1)
        async with asyncio.timeout(30):
            last = await grabber.next(None)
            while last is not None and colour_of(last.pixels) != "green":
                last = await grabber.next(last)
        grabber.close()
    assert grabber.reconnects >= 1


def test_an_address_that_nobody_answers_is_a_fault_in_time_and_tells_no_password() -> None:
    address = source_address("http://127.0.0.1:9/live.ts?key=qu3ry", "me", "hunter2")
    began = time.monotonic()
    with pytest.raises(SourceFault, match=r"^http://127\.0\.0\.1:9/live\.ts gives no picture") as caught:
        list(ReadCamera(address, 2).pictures())
    assert time.monotonic() - began < 20
    assert caught.value.__cause__ is None
    for secret in ("hunter2", "qu3ry"):
        assert secret not in str(caught.value)


async def test_a_wrong_password_is_a_fault_that_does_not_repeat_it(capfd: pytest.CaptureFixture[str]) -> None:
    channel = Channel([film(["red"])], secured=True)
    async with channel.serving() as url:
        address = source_address(url)
        with pytest.raises(SourceFault):
            await asyncio.to_thread(lambda: list(ReadCamera(address, 2).pictures()))
        known = source_address(url, "me", "hunter2")
        with pytest.raises(SourceFault, match=r"ended the stream|gives no picture"):
            await asyncio.to_thread(lambda: list(ReadCamera(known, 2).pictures()))
    assert channel.refused >= 1
    assert channel.connections == 1
    assert "hunter2" not in "".join(capfd.readouterr())


def test_what_has_no_pictures_is_a_fault(tmp_path: Path) -> None:
    path = written(tmp_path, b"no film at all" * 100, "a.mp4")
    with pytest.raises(SourceFault, match="check address"):
        list(ReadCamera(source_address(str(path)), 2).pictures())


def test_a_usb_camera_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(SourceFault, match="USB camera 97 cannot be opened: check that it is plugged in"):
        list(ReadCamera(source_address("usb:97"), 2).pictures())
