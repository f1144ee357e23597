"""The grid of patches over the region of interest, and those of its cells that count."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PatchGrid:
    """``counted`` is [rows, columns], or None where every cell counts. With a mask, features and distances
    hold the counted cells alone, as one row of them, in the order of the grid: what is left out is in no
    bank, in no median and in no score."""

    rows: int
    columns: int
    counted: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if self.counted is not None and not self.counted.any():
            raise ValueError("the mask leaves no patch to look at: make its area larger")

    def kept(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """[B, rows, columns, D] as it is, or [B, 1, P, D] of the P counted cells."""
        if self.counted is None:
            return features
        return np.ascontiguousarray(features[:, self.counted])[:, None]

    def laid_out(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """The scores of what ``kept`` left, [B, rows, columns]. Cells that do not count hold 0, or the
        picture's lowest score where that is below 0: they are never the highest."""
        if self.counted is None:
            return scores
        flat = scores[:, 0]
        lowest = np.minimum(flat.min(axis=1), 0)
        drawn = np.broadcast_to(lowest[:, None, None], (len(scores), self.rows, self.columns)).copy()
        drawn[:, self.counted] = flat
        return drawn

    def kept_index(self, cell: int) -> int:
        """Where ``kept`` has a cell of the grid that counts, both counted row by row."""
        if self.counted is None:
            return cell
        return int(np.count_nonzero(self.counted.ravel()[:cell]))

    def alarming(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """[rows, columns] with minus infinity in cells that do not count: above no threshold."""
        if self.counted is None:
            return scores
        return np.where(self.counted, scores, np.float32(-np.inf))
