"""Products in bfloat16: a quarter of the time, and a proven bound of what their rounding may hide.

For points p and q around a centre, |p - q|^2 = |p|^2 - 2 t with t = p q - |q|^2 / 2: of several q the nearest
has the largest t. A product of values rounded to bfloat16 lies at most `doubt` from t, by Cauchy and Schwarz:
|p - p'| |q| + |p'| |q - q'|, p' and q' the rounded ones, and the rounding of sums in float32. It is rounded
once more, which keeps the order of numbers.
"""

import threading
from dataclasses import dataclass

import torch

FOLDS = 32
UNIT = 2.0**-8
"""bfloat16's rounding, as a share."""
ROUNDING = 2.0**-23
"""float32's, twice: the order in which a processor sums, and rounds between, is its own."""
TINY = 2.0**-126
"""Below it the processor may take a number for nothing."""
NEVER = -3e38
EXTRA = 3
"""Columns for -|q|^2 / 2 in three addends, against ones on the left."""


def native() -> bool:
    """Whether this processor multiplies bfloat16 itself; where it does not, it is emulated, and slow."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


@dataclass(frozen=True, eq=False)
class Left:
    """Points (P, D), centred, ready to be multiplied: bfloat16 (P, D + 3)."""

    values: torch.Tensor
    norms: torch.Tensor
    """Of the rounded points, float64 (P,)."""
    lost: torch.Tensor
    """The norms of what rounding took."""

    @classmethod
    def of(cls, centred: torch.Tensor) -> "Left":
        """Of float32 points."""
        count, dim = centred.shape
        values = torch.ones((count, dim + EXTRA), dtype=torch.bfloat16)
        values[:, :dim] = centred
        rounded = values[:, :dim].float()
        norms = _norms(rounded)
        return cls(values, norms, _norms(rounded.sub_(centred)))

    def doubt(self, largest: float, lost: float) -> torch.Tensor:
        """How far a product may lie from its t before it is rounded, float64 (P,); infinite or no number for
        points that are. `largest` is the norm of any q at most, `lost` what rounding took of any."""
        reach = self.norms + self.lost + largest
        terms = self.values.shape[1] + 16
        small = terms * (ROUNDING * reach**2 + TINY * (1 + reach))
        doubt: torch.Tensor = self.lost * largest + self.norms * lost + small
        return doubt


def right_rows(centred: torch.Tensor) -> tuple[torch.Tensor, float, float]:
    """The other side, bfloat16 (K, D + 3), the largest norm, and the most that rounding took of any."""
    count, dim = centred.shape
    rows = torch.empty((count, dim + EXTRA), dtype=torch.bfloat16)
    rows[:, :dim] = centred
    rest = -0.5 * (centred.double() ** 2).sum(dim=1)
    for column in range(dim, dim + EXTRA):
        rows[:, column] = rest.float()
        rest -= rows[:, column].double()
    lost = _norms(centred - rows[:, :dim].float())
    return rows, float(_norms(centred).max()), float(lost.max())


def _norms(points: torch.Tensor) -> torch.Tensor:
    """No less than the norms of float32 points, float64 (P,), though their squares round and underflow."""
    norms: torch.Tensor = points.norm(dim=1).double() * (1 + 2.0**-16) + points.shape[1] * 2.0**-63
    return norms


def empty_rows(count: int, dim: int) -> torch.Tensor:
    """Right sides of points that are nearest to nothing."""
    rows = torch.zeros((count, dim + EXTRA), dtype=torch.bfloat16)
    rows[:, dim] = NEVER
    return rows


class _Space(threading.local):
    """Room for products, each thread's own and kept: new memory of that size costs as much as the product."""

    def __init__(self) -> None:
        self._room = torch.empty(0, dtype=torch.bfloat16)

    def room(self, rows: int, columns: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Two matrices, of bfloat16 and of its bits."""
        if self._room.numel() < 2 * rows * columns:
            self._room = torch.empty(2 * rows * columns, dtype=torch.bfloat16)
        one, other = self._room[: 2 * rows * columns].view(2, rows, columns)
        return one, other.view(torch.int16)


_SPACE = _Space()


def reaching(left: Left, right: torch.Tensor, doubt: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows, ascending, and columns of the pairs that may have their row's largest t. `right` is (D + 3, K),
    K a multiple of 32.

    Whole numbers are compared five times as fast as bfloat16. So a row is folded into K / 32 largest ones,
    and only folds that reach are looked into.
    """
    products, spare = _SPACE.room(len(left.values), right.shape[1])
    torch.mm(left.values, right, out=products)
    ordered = _ordered(products.view(torch.int16), spare)
    folded = ordered.view(len(products), FOLDS, -1).amax(dim=1)
    # What was done to the bits is undone by doing it again.
    largest = _ordered(folded.amax(dim=1)).view(torch.bfloat16).double()
    lowest = largest - 1.01 * UNIT * largest.abs() - 2.02 * doubt
    # One less: -0 comes before 0 here.
    floor = _ordered(lowest.bfloat16().view(torch.int16)) - 1
    row, fold = (folded >= floor[:, None]).nonzero(as_tuple=True)
    columns = fold[:, None] + folded.shape[1] * torch.arange(FOLDS)
    hit, place = (ordered[row[:, None], columns] >= floor[row, None]).nonzero(as_tuple=True)
    return row[hit], columns[hit, place]


def _ordered(bits: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
    """Bits of bfloat16 as whole numbers in the same order: those of a negative number are turned round."""
    return torch.bitwise_right_shift(bits, 15, out=out).bitwise_and_(0x7FFF).bitwise_xor_(bits)
