"""``patchline send``: the pictures of a folder as frames of a line."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.options import AsJson, Folder, Line

if TYPE_CHECKING:
    from service.settings import Settings
    from workers.camera.sender import FrameSender

# Acknowledgements are waited for side by side; more of them would only fill the producer's memory.
_UNDER_WAY = 16


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline send line1 photos/today --rate 2 --loop")(send)


def send(
    line: Line,
    folder: Folder,
    rate: Annotated[
        float | None, typer.Option(metavar="FPS", min=0.001, help="Frames a second; else as fast as may be.")
    ] = None,
    loop: Annotated[
        bool, typer.Option("--loop", metavar="", help="Begin again at the end, until Ctrl-C.")
    ] = False,
    camera: Annotated[
        str, typer.Option(metavar="NAME", help="The camera's name, sent with each frame.")
    ] = "send",
    as_json: AsJson = False,
) -> None:
    """Send the pictures of a folder as frames, in the order of their names.

    A frame's id is its file's name, or a hash of the name where that is no frame id. With --loop, later
    rounds add :2, :3 and so on.
    """
    from workers.camera.files import pictures_in
    from workers.cli import INTERRUPTED
    from workers.cli.failures import Refused
    from workers.cli.installation import command_settings

    settings = command_settings()
    pictures = pictures_in(folder)
    if not pictures:
        raise Refused(f"{folder} has no pictures: put JPEG, PNG, BMP, TIFF or WebP files into it")
    _note_hashed(pictures)
    tally = asyncio.run(_send(settings, _Order(line, pictures, camera, rate, loop)))
    _tell(tally, as_json=as_json)
    if tally.stopped and not loop:
        raise typer.Exit(INTERRUPTED)


@dataclass(frozen=True, slots=True)
class _Order:
    line: str
    pictures: list[Path]
    camera: str
    rate: float | None
    loop: bool

    def frames(self) -> Iterator[tuple[Path, int]]:
        """Pictures, each with its round."""
        for number in count(1) if self.loop else (1,):
            yield from ((path, number) for path in self.pictures)


@dataclass(slots=True)
class _Tally:
    line: str
    of: int | None
    sent: int = 0
    size_bytes: int = 0
    partitions: set[int] = field(default_factory=set)
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    stopped: bool = False

    @property
    def rate(self) -> float:
        return self.sent / self.seconds if self.seconds else 0.0


def _note_hashed(pictures: list[Path]) -> None:
    from workers.camera.naming import frame_id_of, keeps_name
    from workers.cli.screen import note
    from workers.cli.words import many

    hashed = [path for path in pictures if not keeps_name(path)]
    if hashed:
        what = many(len(hashed), "name is no frame id", "names are no frame ids")
        note(f"note: {what} and sent as a hash: {hashed[0].name} is {frame_id_of(hashed[0])}")


async def _send(settings: "Settings", order: _Order) -> _Tally:
    from schemas.topics import TopicKind
    from service.runtime.signals import stop_event
    from workers.camera.sender import FrameSender
    from workers.cli.installation import connected, topic
    from workers.cli.progress import progress_bars, spinner

    async with connected(settings) as broker:
        frames = topic(settings, TopicKind.FRAMES)
        with spinner(f"Asking the broker {settings.kafka.bootstrap}"):
            await broker.partitions(frames)
            sender = FrameSender(await broker.producer(), frames)
        tally = _Tally(order.line, None if order.loop else len(order.pictures))
        with progress_bars({"send": f"Sending to {order.line}"}) as tell:
            sending = asyncio.create_task(
                _send_all(sender, order, tally, lambda: tell("send", tally.sent, tally.of or tally.sent))
            )
            await _until_done(sending, stop_event(), tally)
        tally.seconds = time.monotonic() - tally.began
        return tally


async def _until_done(sending: "asyncio.Task[None]", stop: asyncio.Event, tally: _Tally) -> None:
    """Wait for the last acknowledgement, or for Ctrl-C."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not sending.done():
        tally.stopped = True
        sending.cancel()
        await asyncio.wait({sending})
        return
    await sending


async def _send_all(sender: "FrameSender", order: _Order, tally: _Tally, tell: "Callable[[], None]") -> None:
    gate = asyncio.Semaphore(_UNDER_WAY)
    tally.began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for place, (path, number) in enumerate(order.frames()):
            if order.rate is not None:
                await asyncio.sleep(max(tally.began + place / order.rate - time.monotonic(), 0))
            await gate.acquire()
            data = await asyncio.to_thread(path.read_bytes)
            task = group.create_task(_send_one(sender, order, path, number, data))
            task.add_done_callback(lambda _: gate.release())
            task.add_done_callback(partial(_count, size=len(data), tally=tally, tell=tell))


async def _send_one(sender: "FrameSender", order: _Order, path: Path, number: int, data: bytes) -> int:
    from workers.camera.naming import frame_id_of

    placed = await sender.send(
        order.line,
        data,
        frame_id=frame_id_of(path, number),
        captured_at=datetime.now(UTC),
        camera=order.camera,
    )
    return placed.partition


def _count(done: "asyncio.Task[int]", *, size: int, tally: _Tally, tell: "Callable[[], None]") -> None:
    if done.cancelled() or done.exception() is not None:
        return
    tally.sent += 1
    tally.size_bytes += size
    tally.partitions.add(done.result())
    tell()


def _tell(tally: _Tally, *, as_json: bool) -> None:
    from workers.cli import words
    from workers.cli.screen import answers, print_json

    if as_json:
        print_json(
            {
                "line": tally.line,
                "sent": tally.sent,
                "bytes": tally.size_bytes,
                "partitions": sorted(tally.partitions),
                "seconds": round(tally.seconds, 3),
                "frames_per_second": round(tally.rate, 3),
                "complete": not tally.stopped,
            }
        )
        return
    missing = f" of {tally.of:,}" if tally.stopped and tally.of else ""
    answers().print(
        f"{words.many(tally.sent, 'frame')}{missing} sent to {tally.line}, {words.size(tally.size_bytes)} in "
        f"{tally.seconds:.1f} s: {tally.rate:.1f} frames a second"
    )
