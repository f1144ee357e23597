"""The search of late fusion: an index for each level."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from service.patchcore.levels import Levels, columns, fused
from service.patchcore.resident import Features

if TYPE_CHECKING:
    from service.patchcore.search import PatchIndex


class LevelIndex:
    """An index for each level of a bank; its distances are those of all levels together.

    `make` gives the index of a level's vectors. All distances must be exact: the largest sum of two levels is
    not where either is largest.
    """

    def __init__(
        self,
        vectors: NDArray[np.floating],
        levels: Levels,
        make: "Callable[[NDArray[np.floating]], PatchIndex]",
    ) -> None:
        self._columns = columns(levels, vectors.shape[1])
        self._indexes = [make(np.ascontiguousarray(vectors[:, level])) for level in self._columns]

    @property
    def name(self) -> str:
        """See PatchIndex."""
        return f"{len(self._indexes)} levels, {self._indexes[0].name}"

    @property
    def dim(self) -> int:
        return int(self._columns[-1].stop)

    @property
    def size(self) -> int:
        return self._indexes[0].size

    def nearest(self, queries: Features, pictures: int = 1) -> NDArray[np.float32]:
        """See PatchIndex. ValueError for other dimensions. Blocks for Q * N * D."""
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise ValueError(f"queries of shape {queries.shape} do not fit a bank of {self.dim} dimensions")
        levels = zip(self._indexes, self._columns, strict=True)
        return fused([index.nearest(queries[:, level], pictures) for index, level in levels])

    def close(self) -> None:
        """See PatchIndex."""
        for index in self._indexes:
            index.close()
