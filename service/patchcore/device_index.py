"""The search on a device of torch: the patches are there already, and only their distances come back."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from service.patchcore.levels import Levels, columns
from service.patchcore.resident import Features

if TYPE_CHECKING:
    import torch

CHUNK_VALUES = 2**27
"""Products at once, half a gigabyte: fewer would not fill a large device."""


class DeviceIndex:
    """Exact nearest distances by one product in float32 with its running minimum, in each level of a bank.

    As in `ExactIndex`, centred vectors keep the product's rounding small, and the distance to the vector that
    it names is computed again directly. `vectors` (N, D) are copied to `device`. Several `levels` lie there
    side by side, filled up with zeros to the widest, and their distances are added up: one product for all
    and one answer, since a device is asked sooner than Python asks it. Several threads may search. Raises
    ValueError for an empty bank.
    """

    def __init__(self, vectors: NDArray[np.floating], device: str, levels: Levels = ()) -> None:
        import torch

        if vectors.ndim != 2 or not vectors.size:
            raise ValueError(f"vectors of shape {vectors.shape} are no bank: give at least one, as (N, D)")
        self.size, self.dim = vectors.shape
        self.name = f"{len(levels)} levels, device" if levels else "device"
        self._places = torch.from_numpy(_places(levels, self.dim)).to(device)
        rows = torch.from_numpy(np.asarray(vectors, dtype=np.float32)).to(device)
        self._mean = rows.double().mean(dim=0).float()
        self._rows: torch.Tensor | None = self._by_level(rows).contiguous()
        self._norms = self._rows.square().sum(dim=2)[:, None]

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
        at_once = max(1, CHUNK_VALUES // (len(rows) * self.size))
        found = [self._fused(points[at : at + at_once], rows) for at in range(0, len(points), at_once)]
        distances: NDArray[np.float32] = torch.cat(found).cpu().numpy() if found else np.empty(0, np.float32)
        return distances

    def close(self) -> None:
        """See PatchIndex."""
        self._rows = None

    def _by_level(self, points: "torch.Tensor") -> "torch.Tensor":
        """Centred, (L, P, W) of (P, D)."""
        import torch.nn.functional as nnf

        # The places that a narrow level lacks name the column behind the last, which is zero.
        filled = nnf.pad(points - self._mean, (0, 1))
        return filled[:, self._places].transpose(0, 1)

    def _fused(self, points: "torch.Tensor", rows: "torch.Tensor") -> "torch.Tensor":
        import torch

        centred = self._by_level(points)
        nearest = torch.baddbmm(self._norms, centred, rows.transpose(1, 2), alpha=-2).argmin(dim=2)
        found = rows.gather(1, nearest[:, :, None].expand(-1, -1, rows.shape[2]))
        distances: torch.Tensor = torch.linalg.vector_norm(centred - found, dim=2).sum(dim=0)
        return distances


def _places(levels: Levels, dim: int) -> NDArray[np.int64]:
    """The columns of each level (L, W), and `dim` where a level has fewer than the widest."""
    parts = columns(levels, dim)
    places = np.full((len(parts), max(part.stop - part.start for part in parts)), dim, np.int64)
    for row, part in zip(places, parts, strict=True):
        row[: part.stop - part.start] = range(part.start, part.stop)
    return places
