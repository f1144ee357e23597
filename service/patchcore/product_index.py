"""The exact search by products in bfloat16: they rule vectors out, and the few that are left are measured."""

import numpy as np
import torch
from numpy.typing import NDArray

from service.patchcore.bfloat16 import MOST_DOUBT, Left, Right, reaching
from service.patchcore.distance import row_distances
from service.patchcore.resident import Features, on_host

CHUNK_VALUES = 2**22


class ProductIndex:
    """Exact nearest distances, in half the time of a flat index and less, on a processor with bfloat16.

    Vectors further than the nearest by more than the products' rounding explains are ruled out (see
    bfloat16), the one or two that are left are measured directly. `vectors` is (N, D), float16 or float32,
    and is kept, not copied. Raises ValueError for an empty bank.
    """

    name = "product"

    def __init__(self, vectors: NDArray[np.floating]) -> None:
        if vectors.ndim != 2 or not vectors.size:
            raise ValueError(f"vectors of shape {vectors.shape} are no bank: give at least one, as (N, D)")
        self._vectors = torch.from_numpy(np.ascontiguousarray(vectors))
        self._mean = self._vectors.double().mean(dim=0).float()
        self._right: Right | None = Right.of(self._vectors.float() - self._mean)

    @property
    def dim(self) -> int:
        return int(self._vectors.shape[1])

    @property
    def size(self) -> int:
        return int(self._vectors.shape[0])

    def nearest(self, queries: Features, pictures: int = 1) -> NDArray[np.float32]:
        """See PatchIndex: every distance is exact. Raises ValueError for other dimensions and for queries
        that are not finite. Blocks for Q * N * D."""
        right = self._right
        if right is None:
            raise RuntimeError("this index is closed: search the one that replaced it")
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise ValueError(f"queries of shape {queries.shape} do not fit a bank of {self.dim} dimensions")
        points = torch.from_numpy(np.ascontiguousarray(on_host(queries), dtype=np.float32))
        rows = max(1, CHUNK_VALUES // right.values.shape[1])
        found = [self._nearest(points[at : at + rows], right) for at in range(0, len(points), rows)]
        return np.concatenate(found) if found else np.empty(0, np.float32)

    def close(self) -> None:
        """See PatchIndex."""
        self._right = None

    def _nearest(self, points: torch.Tensor, right: Right) -> NDArray[np.float32]:
        left = Left.of(points - self._mean, right)
        if not bool((left.doubt < MOST_DOUBT).all()):
            raise ValueError("the queries hold values that are not finite, or too large: check the backbone")
        row, column = reaching(left, right)
        distances = row_distances(points[row].numpy(), self._vectors[column].float().numpy())
        first = np.searchsorted(row.numpy(), np.arange(len(points)))
        least: NDArray[np.float32] = np.minimum.reduceat(distances, first)
        return least
