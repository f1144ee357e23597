"""The exact search by products in bfloat16: they rule vectors out, and the few that are left are measured."""

import threading

import numpy as np
import torch
from numpy.typing import NDArray

from service.patchcore.distance import row_distances

FOLDS = 32
CHUNK_VALUES = 2**22
UNIT = 2.0**-8
"""bfloat16's rounding, as a share."""
ROUNDING = 2.0**-23
"""float32's, twice: products are summed in an order and a rounding that are the processor's own."""
NEVER = -3e38


class ProductIndex:
    """Exact nearest distances, in a third of the time of a flat index on a processor with bfloat16.

    With c the mean of the vectors, |q - v|^2 = |q - c|^2 - 2 t, t = (q - c)(v - c) - |v - c|^2 / 2: the
    nearest vector has the largest t. A product of values rounded to bfloat16, rounded again, misses t by at
    most |q - c - rounded| |v - c| + |rounded| |v - c - rounded| and the last rounding (Cauchy and Schwarz):
    vectors further below the largest than twice that are ruled out, the one or two that are left are measured
    directly. `vectors` is (N, D), float16 or float32, and is kept, not copied. Raises ValueError for an empty
    bank.
    """

    def __init__(self, vectors: NDArray[np.floating]) -> None:
        if vectors.ndim != 2 or not vectors.size:
            raise ValueError(f"vectors of shape {vectors.shape} are no bank: give at least one, as (N, D)")
        self._vectors = torch.from_numpy(np.ascontiguousarray(vectors))
        self._mean = self._vectors.double().mean(dim=0).float()
        centred = self._vectors.float() - self._mean
        self._largest = float(centred.norm(dim=1).max())
        self._lost = float((centred - centred.bfloat16().float()).norm(dim=1).max())
        self._right: torch.Tensor | None = _right_side(centred)

    name = "product"

    @property
    def dim(self) -> int:
        return int(self._vectors.shape[1])

    @property
    def size(self) -> int:
        return int(self._vectors.shape[0])

    def nearest(self, queries: NDArray[np.float32], pictures: int = 1) -> NDArray[np.float32]:
        """See PatchIndex: every distance is exact. Raises ValueError for other dimensions and for queries
        that are not finite. Blocks for Q * N * D."""
        right = self._right
        if right is None:
            raise RuntimeError("this index is closed: search the one that replaced it")
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise ValueError(f"queries of shape {queries.shape} do not fit a bank of {self.dim} dimensions")
        points = torch.from_numpy(np.ascontiguousarray(queries, dtype=np.float32))
        rows = max(1, CHUNK_VALUES // right.shape[1])
        found = [self._nearest(points[at : at + rows], right) for at in range(0, len(points), rows)]
        return np.concatenate(found) if found else np.empty(0, np.float32)

    def close(self) -> None:
        """See PatchIndex."""
        self._right = None

    def _nearest(self, points: torch.Tensor, right: torch.Tensor) -> NDArray[np.float32]:
        centred = points - self._mean
        left = torch.ones((len(points), self.dim + 3), dtype=torch.bfloat16)
        left[:, : self.dim] = centred
        rounded = left[:, : self.dim].float()
        doubt = self._doubt(centred, rounded)
        if not bool(torch.isfinite(doubt).all()):
            raise ValueError("the queries hold values that are not finite: check the backbone")
        products, spare = _SPACE.room(len(points), right.shape[1])
        torch.mm(left, right, out=products)
        row, column = _left_over(products, spare, doubt)
        distances = row_distances(points[row].numpy(), self._vectors[column].float().numpy())
        first = np.searchsorted(row.numpy(), np.arange(len(points)))
        least: NDArray[np.float32] = np.minimum.reduceat(distances, first)
        return least

    def _doubt(self, centred: torch.Tensor, rounded: torch.Tensor) -> torch.Tensor:
        """How far a product may lie from its t before it is rounded, for each query."""
        norm, lost = rounded.norm(dim=1), (centred - rounded).norm(dim=1)
        reach = (norm + lost + self._largest) ** 2
        doubt: torch.Tensor = lost * self._largest + norm * self._lost + (self.dim + 16) * ROUNDING * reach
        return doubt


def _right_side(centred: torch.Tensor) -> torch.Tensor:
    """(D + 3, N') in bfloat16: the vectors, and -|v|^2 / 2 as three addends, against ones on the left. N' is
    a multiple of FOLDS; the columns beyond N win nothing."""
    count, dim = centred.shape
    right = torch.zeros((dim + 3, -(-count // FOLDS) * FOLDS), dtype=torch.bfloat16)
    right[:dim, :count] = centred.T
    rest = -0.5 * (centred.double() ** 2).sum(dim=1)
    for row in range(dim, dim + 3):
        right[row, :count] = rest.float()
        rest -= right[row, :count].double()
    right[dim, count:] = NEVER
    return right


class _Space(threading.local):
    """Room for products, each thread's own and kept: new memory of that size costs as much as the product."""

    def __init__(self) -> None:
        self._room = torch.empty(0, dtype=torch.bfloat16)

    def room(self, rows: int, columns: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Two matrices, of bfloat16 and of its bits."""
        if self._room.numel() < 2 * rows * columns:
            self._room = torch.empty(2 * max(CHUNK_VALUES, rows * columns), dtype=torch.bfloat16)
        one, other = self._room[: 2 * rows * columns].view(2, rows, columns)
        return one, other.view(torch.int16)


_SPACE = _Space()


def _left_over(
    products: torch.Tensor, spare: torch.Tensor, doubt: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows, ascending, and columns of (Q, N') products that may be a row's largest but for the rounding.

    Whole numbers are compared five times as fast as bfloat16. So a row is folded into N' / FOLDS largest
    ones, and only folds that reach are looked into.
    """
    ordered = _ordered(products.view(torch.int16), spare)
    folded = ordered.view(len(products), FOLDS, -1).amax(dim=1)
    # What was done to the bits is undone by doing it again.
    largest = _ordered(folded.amax(dim=1)).view(torch.bfloat16)
    # One less: -0 comes before 0 here.
    floor = _ordered(_floor(largest, doubt).view(torch.int16)) - 1
    row, fold = (folded >= floor[:, None]).nonzero(as_tuple=True)
    columns = fold[:, None] + folded.shape[1] * torch.arange(FOLDS)
    hit, place = (ordered[row[:, None], columns] >= floor[row, None]).nonzero(as_tuple=True)
    return row[hit], columns[hit, place]


def _ordered(bits: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
    """Bits of bfloat16 as whole numbers in the same order: those of a negative number are turned round."""
    return torch.bitwise_right_shift(bits, 15, out=out).bitwise_and_(0x7FFF).bitwise_xor_(bits)


def _floor(largest: torch.Tensor, doubt: torch.Tensor) -> torch.Tensor:
    """What the nearest vector's product is at least. Rounding keeps an order, so it may be rounded."""
    value = largest.double()
    return (value - 1.01 * UNIT * value.abs() - 2.02 * doubt.double()).bfloat16()
