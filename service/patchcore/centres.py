"""The centres: the points chosen or seen so far, in an array that grows."""

import numpy as np
from numpy.typing import NDArray

from service.patchcore.distance import Products


class Centres:
    """Raw rows for canonical distances, and the right side of the fast product for the same rows."""

    def __init__(self, width: int, centre: NDArray[np.float32]) -> None:
        self.raw = np.empty((0, width), dtype=np.float32)
        self.right = np.empty((0, width + 1), dtype=np.float32)
        self.count = 0
        self.largest_norm = 0.0
        self._centre = centre

    def append(self, rows: NDArray[np.float32]) -> None:
        """Add (K, D) rows; constant time a row on average."""
        products = Products.of(rows, self._centre)
        end = self.count + len(rows)
        if end > len(self.raw):
            self.raw = _grown(self.raw, end)
            self.right = _grown(self.right, end)
        self.raw[self.count : end] = rows
        self.right[self.count : end] = products.right(slice(None))
        self.largest_norm = max(self.largest_norm, float(products.norms.max(initial=0.0)))
        self.count = end


def _grown(array: NDArray[np.float32], end: int) -> NDArray[np.float32]:
    larger = np.empty((max(end, 2 * len(array)), array.shape[1]), dtype=np.float32)
    larger[: len(array)] = array
    return larger
