"""The distance: one way to compute it where exactness counts, and a fast bound where it does not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHUNK_VALUES = 2**18
ROUNDING = 2.0**-24
TINY = float(np.finfo(np.float32).tiny)


def squared_distances(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared Euclidean distances of the rows of `a` (M, D) to those of `b`, (M, D) or (1, D): float32 (M,).

    The canonical value: differences and sums in float64, one row at a time, rounded once to float32. Equal
    rows give equal values whatever batch they come in, which a matrix product does not promise.
    """
    out = np.empty(len(a), dtype=np.float32)
    rows = max(1, CHUNK_VALUES // max(1, a.shape[1]))
    for start in range(0, len(a), rows):
        part = slice(start, start + rows)
        difference = a[part].astype(np.float64) - (b if len(b) == 1 else b[part])
        out[part] = np.add.reduce(difference * difference, axis=1)
    return out


def row_distances(a: NDArray[np.float32], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """Euclidean distances of the rows of `a` (M, D) to those of `b` (M, D), float32 (M,): from differences,
    so right to about 1e-6 and the same in any batch."""
    difference = a - b
    distances: NDArray[np.float32] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    return distances


@dataclass(frozen=True, eq=False)
class Products:
    """Points made ready for fast, nearly right distances: |p - q|^2 = p.norm - 2 (p.left . q.right).

    Centred, because the error grows with the norms. `right` carries -|q|^2 / 2 in a last column against a 1
    in `left`: that saves a pass over every product.
    """

    left: NDArray[np.float32]
    norms: NDArray[np.float64]

    @staticmethod
    def squares(points: NDArray[np.float32], centre: NDArray[np.float32]) -> NDArray[np.float64]:
        """The norms alone, (N,), for points that are made ready some at a time; memory is a chunk."""
        norms = np.empty(len(points), dtype=np.float64)
        rows = max(1, CHUNK_VALUES // max(1, points.shape[1]))
        for start in range(0, len(points), rows):
            norms[start : start + rows] = Products.of(points[start : start + rows], centre).norms
        return norms

    @classmethod
    def of(cls, points: NDArray[np.float32], centre: NDArray[np.float32]) -> "Products":
        """Centre (N, D) points at `centre` (D,)."""
        left = cls.left_of(points, centre)
        norms = np.einsum("ij,ij->i", left[:, :-1], left[:, :-1], dtype=np.float64)
        return cls(left, norms)

    @staticmethod
    def left_of(points: NDArray[np.float32], centre: NDArray[np.float32]) -> NDArray[np.float32]:
        """The one side alone, (N, D + 1), for points whose norms are known."""
        width = points.shape[1]
        left = np.empty((len(points), width + 1), dtype=np.float32)
        np.subtract(points, centre, out=left[:, :width])
        left[:, width] = 1
        return left

    def right(self, rows: NDArray[np.int64] | slice) -> NDArray[np.float32]:
        """The other side of the product for some of the points, (K, D + 1)."""
        right = np.array(self.left[rows])
        right[:, -1] = -0.5 * self.norms[rows]
        return right


def slack(norms: NDArray[np.float64], largest_other: float, width: int) -> NDArray[np.float64]:
    """How far a distance from `Products` may lie from the canonical one, in either direction, (N,).

    Higham's bound for a dot product of D + 1 terms summed in any order, (D + 1) u |a| |b|, counted twice, and
    a few u for centring, norms and the last rounding; (a + b)^2 >= 2ab + b^2 covers them. TINY is underflow.
    """
    reach = np.sqrt(norms) + np.sqrt(largest_other)
    bound: NDArray[np.float64] = (width + 16) * (ROUNDING * reach**2 + TINY)
    return bound


def below(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """As float32, never rounded up; infinities stay. Comparing mixed types would copy every product."""
    single = values.astype(np.float32)
    return np.where(np.isinf(single), single, np.nextafter(single, np.float32(-np.inf)))


def above(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """As float32, never rounded down."""
    return np.nextafter(values.astype(np.float32), np.float32(np.inf))


def least_product(
    norms: NDArray[np.float64], bounds: NDArray[np.floating], doubt: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The least product of `Products` that could bring a point nearer than its squared `bounds` (N,);
    infinite where nothing can."""
    return below(np.where(bounds > 0, (norms - bounds - doubt) / 2, np.inf))
