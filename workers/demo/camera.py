"""The demo's camera: sends the cells that training did not see, at an even rate."""

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from workers.camera.sender import FrameSender
from workers.demo.cells import Cell
from workers.demo.tally import Tally


def passing(cells: Sequence[Cell]) -> Iterator[tuple[str, Cell]]:
    """Frame ids and cells, round after round; from the second round on the id says which round it is."""
    for number in itertools.count(1):
        for cell in cells:
            yield (cell.name if number == 1 else f"{cell.name}-round{number}"), cell


async def send_cells(
    sender: FrameSender, cells: Sequence[Cell], rate: float, tally: Tally, stop: asyncio.Event
) -> None:
    """Send until ``stop``: a frame of each line until both are judged, then ``rate`` frames a second. A
    camera does not wait for acknowledgements in turn, so a slow one delays no later frame."""
    first = {cell.line: cell for cell in reversed(cells)}.values()
    frames = passing([*first, *(cell for cell in cells if cell not in first)])
    async with asyncio.TaskGroup() as group:

        def send(frame_id: str, cell: Cell) -> None:
            tally.sent[frame_id] = cell
            group.create_task(_send(sender, frame_id, cell))

        for frame_id, cell in itertools.islice(frames, len(first)):
            send(frame_id, cell)
        # A bank that was put in force a moment ago is seconds away from its first verdict: not the stream's.
        await _either(tally.until(lambda: tally.finished >= len(first)), stop)
        tally.begin()
        await _evenly(frames, rate, stop, send)


async def _evenly(
    frames: Iterator[tuple[str, Cell]], rate: float, stop: asyncio.Event, send: Callable[[str, Cell], None]
) -> None:
    began = time.monotonic()
    for count, (frame_id, cell) in enumerate(frames):
        await asyncio.sleep(max(began + count / rate - time.monotonic(), 0))
        if stop.is_set():
            return
        send(frame_id, cell)


async def _either(awaited: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    tasks = {asyncio.create_task(awaited), asyncio.create_task(stop.wait())}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _send(sender: FrameSender, frame_id: str, cell: Cell) -> None:
    data = await asyncio.to_thread(cell.path.read_bytes)
    captured_at = datetime.now(UTC)
    await sender.send(cell.line, data, frame_id=frame_id, captured_at=captured_at, camera="demo")
