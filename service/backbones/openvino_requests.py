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
    return [torch.from_numpy(stage) for stage in _stages(request)]


def apart(requests: Sequence[Any], pictures: NDArray[np.float32]) -> list[torch.Tensor]:
    """As ``together``, of at least one picture, as many at a time as there are requests."""
    found: list[Arrays] = []
    busy: deque[Any] = deque()
    try:
        for at in range(len(pictures)):
            if len(busy) == len(requests):
                found.append(_ended(busy.popleft()))
            request = requests[at % len(requests)]
            request.start_async({0: pictures[at : at + 1]}, share_inputs=True)
            busy.append(request)
        found += [_ended(request) for request in busy]
    except RuntimeError:
        # None may go on reading these pictures, nor be busy when the next come.
        for request in requests:
            with suppress(RuntimeError):
                request.wait()
        raise
    return [torch.from_numpy(np.concatenate(stage)) for stage in zip(*found, strict=True)]


def _ended(request: Any) -> Arrays:
    request.wait()
    return _stages(request)


def _stages(request: Any) -> Arrays:
    # Copied: the next picture is computed into the same memory.
    outputs = range(len(request.model_outputs))
    return [request.get_output_tensor(at).data.copy() for at in outputs]
