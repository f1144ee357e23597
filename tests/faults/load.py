"""A camera that sends numbered frames whose right verdict is known, at a steady rate, in turn to its lines
and partitions."""

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.extraction.lines import DEFECTIVE, SIZE
from tests.faults.clients import camera
from tests.parts import draw_part, encode_png

# A picture and whether it must alarm; None where neither is right.
Picture = tuple[bytes, bool | None]
LINES = ("north", "south")
PARTITIONS = 2
# The parts that the bank was taught are good, and a spot on one is a defect.
GOOD = [encode_png(draw_part(seed, size=SIZE)) for seed in range(4)]
# Five pictures in turn over two lines and two partitions: all combinations come.
PICTURES: tuple[Picture, ...] = (*((data, False) for data in GOOD), (DEFECTIVE, True))


@dataclass
class Load:
    """``expected`` has whether each frame must alarm, by frame id. A context manager."""

    bootstrap: str
    topic: str
    name: str
    rate: float
    lines: tuple[str, ...] = LINES
    partitions: tuple[int, ...] = tuple(range(PARTITIONS))
    pictures: tuple[Picture, ...] = PICTURES
    expected: dict[str, bool] = field(default_factory=dict)
    sent: int = 0

    def __post_init__(self) -> None:
        self.began = time.time()
        self._producer = camera(self.bootstrap)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"load {self.name}", daemon=True)

    def send(self, count: int) -> None:
        """So many frames at once."""
        for _ in range(count):
            self._send_next()
        assert self._producer.flush(30) == 0

    def _send_next(self) -> None:
        number = self.sent
        data, alarming = self.pictures[number % len(self.pictures)]
        frame_id = f"{self.name}-{number}"
        self._producer.produce(
            self.topic,
            key=self.lines[number // len(self.partitions) % len(self.lines)].encode(),
            value=data,
            partition=self.partitions[number % len(self.partitions)],
            headers=[("frame-id", frame_id.encode())],
        )
        self.sent += 1
        if alarming is not None:
            self.expected[frame_id] = alarming

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            self._send_next()
            self._producer.poll(0)
            due += 1 / self.rate
            self._stop.wait(max(0.0, due - time.monotonic()))

    def stop(self) -> None:
        """Send no more; all that was sent is acknowledged."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        assert self._producer.flush(90) == 0, "the broker did not take all frames"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
