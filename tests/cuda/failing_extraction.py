"""An extraction worker whose next kernel fails, once the file that FAILING_KERNEL names is there."""

import os
import sys
from pathlib import Path

import torch

from workers.extraction import program, protocol
from workers.extraction.engine import Engine
from workers.extraction.fork_server import main

# Not from tests.cuda.device, which asks CUDA: what has asked cannot be forked.
DEVICE = "cuda"


class FailingEngine(Engine):
    """Fails as CUDA does: the process's context is lost with the kernel."""

    def score(self, frames: list[protocol.FrameIn]) -> list[protocol.Outcome]:
        """Read past the end of a tensor, where that is asked for."""
        if Path(os.environ["FAILING_KERNEL"]).exists():
            four = torch.zeros(4, device=DEVICE)
            four[torch.full((1,), 9, device=DEVICE)] += 1
            torch.cuda.synchronize()
        return super().score(frames)


if __name__ == "__main__":
    vars(program)["Engine"] = FailingEngine
    main(sys.argv[1:])
