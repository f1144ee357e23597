"""The search on a device of torch: the patches are there already, and only their distances come back."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from service.patchcore.resident import Features

if TYPE_CHECKING:
    import torch

CHUNK_VALUES = 2**27
"""Products at once, half a gigabyte: fewer would not fill a large device."""


class DeviceIndex:
    """Exact nearest distances by one product in float32 with its running minimum, for each level of a bank.

    As in `ExactIndex`, centred vectors keep the product's rounding small, and the distance to the vector that
    it names is computed again directly. `vectors` (N, D) are copied to `device`. Several threads may search.
    Raises ValueError for an empty bank.
    """

    name = "device"

    def __init__(self, vectors: NDArray[np.floating], device: str) -> None:
        import torch

        if vectors.ndim != 2 or not vectors.size:
            raise ValueError(f"vectors of shape {vectors.shape} are no bank: give at least one, as (N, D)")
        self.size, self.dim = vectors.shape
        rows = torch.from_numpy(np.asarray(vectors, dtype=np.float32)).to(device)
        self._mean = rows.double().mean(dim=0).float()
        self._rows: torch.Tensor | None = rows - self._mean
        self._norms = self._rows.square().sum(dim=1)

    def nearest(self, queries: Features, pictures: int = 1) -> NDArray[np.float32]:
        """See PatchIndex: every distance is exact. The queries may lie on the device. Raises ValueError for
        other dimensions. Blocks for Q * N * D."""
        import torch

        rows = self._rows
        if rows is None:
            raise RuntimeError("this index is closed: search the one that replaced it")
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise ValueError(
                f"queries of shape {tuple(queries.shape)} do not fit a bank of {self.dim} dimensions"
            )
        points = torch.as_tensor(queries, dtype=torch.float32).to(rows.device)
        at_once = max(1, CHUNK_VALUES // self.size)
        found = [self._nearest(points[at : at + at_once], rows) for at in range(0, len(points), at_once)]
        distances: NDArray[np.float32] = torch.cat(found).cpu().numpy() if found else np.empty(0, np.float32)
        return distances

    def close(self) -> None:
        """See PatchIndex."""
        self._rows = None

    def _nearest(self, points: "torch.Tensor", rows: "torch.Tensor") -> "torch.Tensor":
        import torch

        centred = points - self._mean
        nearest = torch.addmm(self._norms, centred, rows.T, alpha=-2).argmin(dim=1)
        distances: torch.Tensor = torch.linalg.vector_norm(centred - rows[nearest], dim=1)
        return distances
