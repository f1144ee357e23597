"""The demo's camera: sends the cells that training did not see, at an even rate."""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

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
    """Send until ``stop``, ``rate`` frames a second. A camera does not wait for acknowledgements in turn,
    so a slow one delays no later frame."""
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for count, (frame_id, cell) in enumerate(passing(cells)):
            await asyncio.sleep(max(began + count / rate - time.monotonic(), 0))
            if stop.is_set():
                return
            tally.sent[frame_id] = cell
            group.create_task(_send(sender, frame_id, cell))


async def _send(sender: FrameSender, frame_id: str, cell: Cell) -> None:
    data = await asyncio.to_thread(cell.path.read_bytes)
    captured_at = datetime.now(UTC)
    await sender.send(cell.line, data, frame_id=frame_id, captured_at=captured_at, camera="demo")
