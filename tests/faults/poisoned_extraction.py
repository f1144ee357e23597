"""An extraction worker with faults that a test asks for: a frame that bears the mark kills it; while the
file that one of these variables names is there,

BROKEN_DEVICE  it dies of whatever it does;
SMALL_DEVICE   batches of more than one frame are too much for its memory;
FAILING_DEVICE it removes the file, and every computation of this process fails from then on, as after an
               error of CUDA.
"""

import os
import signal
import sys
from pathlib import Path

import torch

from workers.extraction import program, protocol
from workers.extraction.engine import Engine
from workers.extraction.fork_server import main

MARK = b"deadly to extraction workers"


def deadly(frames: list[protocol.FrameIn]) -> bool:
    """Whether one of them kills."""
    return any(MARK in frame.data for frame in frames)


def asked(fault: str) -> Path | None:
    """The file that asks for the fault, if it is there."""
    path = Path(os.environ.get(fault, "/nowhere"))
    return path if path.exists() else None


class PoisonedEngine(Engine):
    """Dies as a segmentation fault in a library would end it: at once."""

    _failing = False

    def score(self, frames: list[protocol.FrameIn]) -> list[protocol.Outcome]:
        """Die, fail, or score."""
        if deadly(frames):
            if owner := os.environ.get("DIES_WITH"):
                os.kill(int(owner), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        self._compute()
        if len(frames) > 1 and asked("SMALL_DEVICE"):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.50 GiB.")
        return super().score(frames)

    def probe(self) -> None:
        """Die, fail, or look at the built-in image."""
        self._compute()
        super().probe()

    def _compute(self) -> None:
        if asked("BROKEN_DEVICE"):
            os.kill(os.getpid(), signal.SIGKILL)
        if path := asked("FAILING_DEVICE"):
            path.unlink()
            self._failing = True
        if self._failing:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")


if __name__ == "__main__":
    vars(program)["Engine"] = PoisonedEngine
    main(sys.argv[1:])
