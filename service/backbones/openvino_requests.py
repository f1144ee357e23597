"""How a batch goes through a network that OpenVINO compiled: whole, or picture by picture side by side."""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Arrays = list[NDArray[np.float32]]


def together(request: Any, pictures: NDArray[np.float32]) -> list[torch.Tensor]:
    """The network's stages of (B, 3, H, W) pictures. Blocks. Raises RuntimeError as OpenVINO does."""
    request.infer({0: pictures}, share_inputs=True)
    # Copied: the next picture is computed into the same memory.
    return [torch.from_numpy(stage.copy()) for stage in _stages(request)]


def apart(requests: Sequence[Any], pictures: NDArray[np.float32]) -> list[torch.Tensor]:
    """As ``together``, of at least one picture, as many at a time as there are requests."""
    stages: Arrays = []
    busy: deque[tuple[Any, int]] = deque()
    try:
        for at in range(len(pictures)):
            if len(busy) == len(requests):
                _end(*busy.popleft(), stages, len(pictures))
            request = requests[at % len(requests)]
            request.start_async({0: pictures[at : at + 1]}, share_inputs=True)
            busy.append((request, at))
        for request, at in busy:
            _end(request, at, stages, len(pictures))
    except RuntimeError:
        # None may go on reading these pictures, nor be busy when the next come.
        for request in requests:
            with suppress(RuntimeError):
                request.wait()
        raise
    return [torch.from_numpy(stage) for stage in stages]


def _end(request: Any, at: int, stages: Arrays, count: int) -> None:
    """Wait for the picture, and lay its stages beside those of the others."""
    request.wait()
    found = _stages(request)
    if not stages:
        stages += [np.empty((count, *stage.shape[1:]), np.float32) for stage in found]
    for stage, own in zip(stages, found, strict=True):
        stage[at] = own[0]


def _stages(request: Any) -> Arrays:
    return [request.get_output_tensor(at).data for at in range(len(request.model_outputs))]
