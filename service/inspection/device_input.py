"""Views as a network's input on a device: what crosses the bus is the camera's own bytes."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch

from service.images.picture import Pixels
from service.images.resize import Triple


def device_input(
    views: Sequence[Pixels], device: str, *, white: int, mean: Triple, std: Triple
) -> torch.Tensor:
    """What ``to_batch`` makes of views that have the input's size already, to the bit, on ``device``: float32
    [B, 3, height, width]. A quarter to a twelfth of the bytes of ready pixels, from pinned memory, which is
    copied while the device computes. Does not wait for the device. Raises ValueError when there are none."""
    if not views:
        raise ValueError("There are no pictures to put in a batch: give at least one.")
    planes = _planes(_samples(views, device).to(device, non_blocking=True))
    planes = (planes.clamp(max=white) if views[0].dtype == np.uint16 else planes).to(torch.float32)
    scale, shift = _constants(device, white, mean, std)
    # Two steps: fused, the last bit would be another than the CPU's.
    return (planes * scale).sub_(shift)


def _samples(views: Sequence[Pixels], device: str) -> torch.Tensor:
    """[B, h, w] or [B, h, w, 3]; torch computes nothing of uint16."""
    kind = np.int32 if views[0].dtype == np.uint16 else np.uint8
    flat = min(view.ndim for view in views) == 2
    # A grey line's frames may come with three equal channels, some of them.
    seen = [view[..., 0] if flat and view.ndim == 3 else view for view in views]
    rows = [torch.from_numpy(np.require(view, kind, "W")) for view in seen]
    samples = torch.empty(
        (len(rows), *rows[0].shape), dtype=rows[0].dtype, pin_memory=device.startswith("cuda")
    )
    # In one call: each gives Python's lock away, which decoding threads are waiting for.
    return torch.stack(rows, out=samples)


def _planes(samples: torch.Tensor) -> torch.Tensor:
    """As [B, 3, h, w]."""
    if samples.ndim == 3:
        return samples[:, None].expand(-1, 3, -1, -1)
    return samples.permute(0, 3, 1, 2)


@lru_cache(maxsize=64)
def _constants(device: str, white: int, mean: Triple, std: Triple) -> tuple[torch.Tensor, torch.Tensor]:
    """Kept on the device: to send a few numbers there waits for all that it has to do."""
    scale = [float(np.float32(1 / (white * each))) for each in std]
    shift = [float(np.float32(m / s)) for m, s in zip(mean, std, strict=True)]
    return _column(scale, device), _column(shift, device)


def _column(values: Sequence[float], device: str) -> torch.Tensor:
    return torch.tensor(values, device=device).reshape(3, 1, 1)
