"""An extraction worker that a frame kills (POISON in its bytes), and that does nothing at all for as long as
the file BROKEN_DEVICE names is there."""

import os
import signal
import sys
from pathlib import Path

from workers.extraction import protocol
from workers.extraction.engine import Engine
from workers.extraction.program import main

MARK = b"deadly to extraction workers"


def deadly(frames: list[protocol.FrameIn]) -> bool:
    """Whether one of them kills."""
    return any(MARK in frame.data for frame in frames)


def broken() -> bool:
    """Whether the device is."""
    return Path(os.environ.get("BROKEN_DEVICE", "/nowhere")).exists()


class PoisonedEngine(Engine):
    """Dies as a segmentation fault in a library would end it: at once."""

    def score(self, frames: list[protocol.FrameIn]) -> list[protocol.Outcome]:
        """Die, or score."""
        if broken() or deadly(frames):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().score(frames)

    def probe(self) -> None:
        """Die, or look at the built-in image."""
        if broken():
            os.kill(os.getpid(), signal.SIGKILL)
        super().probe()


if __name__ == "__main__":
    vars(sys.modules["workers.extraction.program"])["Engine"] = PoisonedEngine
    main(sys.argv[1:])
