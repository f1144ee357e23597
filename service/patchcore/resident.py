"""Features that stay on their device, a tensor of torch, from the network until they are distances."""

from typing import TYPE_CHECKING, TypeAlias, Union

import numpy as np
from numpy.typing import NDArray

from service.patchcore.whitening import Whitening

if TYPE_CHECKING:
    import torch

Features: TypeAlias = Union[NDArray[np.float32], "torch.Tensor"]
"""An array, or a float32 tensor on a device."""


def on_host(features: Features) -> NDArray[np.float32]:
    """As an array. Waits for the device that has them."""
    if isinstance(features, np.ndarray):
        return features
    host: NDArray[np.float32] = features.cpu().numpy()
    return host


def resident_queries(features: "torch.Tensor", whitening: Whitening | None) -> "torch.Tensor":
    """What `MemoryBank.queries` makes of features (..., D), as rows (Q, D) on their device. In float64 too,
    but for the order of its sums. Does not wait for the device."""
    rows = features.reshape(-1, features.shape[-1])
    if whitening is None:
        return rows.contiguous()
    mean, matrix = whitening.on(rows.device)
    # All levels in one product, whose matrix is zero between them: a device takes longer to be told of four.
    return ((rows.double() - mean) @ matrix).float()


def resident_uncropped(features: "torch.Tensor", cells: int) -> "torch.Tensor":
    """What `uncropped` makes of features (B, H, W, D), on their device."""
    import torch

    if not cells:
        return features
    down, right = (
        torch.arange(-cells, side + cells, device=features.device).clamp(0, side - 1)
        for side in features.shape[1:3]
    )
    return features[:, down][:, :, right]
