"""Products in bfloat16: a quarter of the time, and a proven bound of what their rounding may hide.

For points p and q around a centre, |p - q|^2 / 2 = |p|^2 / 2 - t with t = p q - |q|^2 / 2: of several q the
nearest has the largest t. A product of values rounded to bfloat16 lies at most `doubt` from t, by Cauchy and
Schwarz: |p - p'| |q| + |p'| |q - q'|, p' and q' the rounded ones, and the rounding of sums in float32.
Subtracted from |p|^2 / 2 and a little more than the doubt it is never negative, so that its bits, read as a
whole number, have its order: whole numbers are compared five times as fast as bfloat16. It is rounded once
more, which keeps the order of numbers.
"""

import threading
from dataclasses import dataclass

import torch

MOST_FOLDS = 32
FOLD = 64
"""Columns of a fold at least: of fewer the smallest is found many times more slowly."""
UNIT = 2.0**-8
"""bfloat16's rounding, as a share."""
ROUNDING = 2.0**-23
"""float32's, twice: the order in which a processor sums, and rounds between, is its own."""
TINY = 2.0**-126
"""Below it the processor may take a number for nothing."""
FAR = 3e38
MOST_DOUBT = 1e30
"""Past it half a squared distance may not fit in bfloat16."""
ADDENDS = 3
"""Columns for half a squared norm, against ones on the other side: three hold as many digits as float32."""


def native() -> bool:
    """Whether this processor multiplies bfloat16 itself; where it does not, it is emulated, and slow."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


@dataclass(frozen=True, eq=False)
class Right:
    """The points that are looked for, ready to be multiplied: bfloat16 (D + 6, K), K in `folds`."""

    values: torch.Tensor
    folds: int
    largest: float
    """No less than any norm."""
    lost: float
    """No less than the norm of what rounding took of any."""

    @classmethod
    def of(cls, centred: torch.Tensor, fold: int = FOLD) -> "Right":
        """Of float32 points (N, D). Columns past N are nearest to nothing. ``fold``: columns of one, at
        least."""
        count, dim = centred.shape
        folds = min(MOST_FOLDS, max(1, count // fold))
        values = torch.zeros((count + -count % folds, dim + 2 * ADDENDS), dtype=torch.bfloat16)
        values[:count, :dim] = centred
        values[:count, dim : dim + ADDENDS] = _addends(0.5 * (centred.double() ** 2).sum(dim=1))
        values[count:, dim] = FAR
        values[:, dim + ADDENDS :] = 1
        lost = _norms(centred - values[:count, :dim].float())
        return cls(values.T.contiguous(), folds, float(_norms(centred).max()), float(lost.max()))


@dataclass(frozen=True, eq=False)
class Left:
    """Points whose nearest is looked for, ready to be multiplied: bfloat16 (P, D + 6)."""

    values: torch.Tensor
    doubt: torch.Tensor
    """How far a product may lie from half the squared distance, but for a number that is the row's own,
    before it is rounded, float64 (P,); infinite or no number for points that are."""

    @classmethod
    def of(cls, centred: torch.Tensor, right: Right) -> "Left":
        """Of float32 points (P, D) around the same centre."""
        count, dim = centred.shape
        values = torch.ones((count, dim + 2 * ADDENDS), dtype=torch.bfloat16)
        values[:, :dim] = -centred
        rounded = values[:, :dim].float()
        norms, lost = _norms(rounded), _norms(rounded.add_(centred))
        doubt = _doubt(norms, lost, right, values.shape[1] + 16)
        # The doubt counts the rounding of these addends too, and some more of it than there is.
        values[:, dim + ADDENDS :] = _addends(0.5 * _norms(centred) ** 2 + 1.1 * doubt + 8 * TINY)
        return cls(values, doubt)


def _doubt(norms: torch.Tensor, lost: torch.Tensor, right: Right, terms: int) -> torch.Tensor:
    reach = norms + lost + right.largest
    small = terms * (ROUNDING * reach**2 + TINY * (1 + reach))
    doubt: torch.Tensor = lost * right.largest + norms * right.lost + small
    return doubt


def _addends(numbers: torch.Tensor) -> torch.Tensor:
    """Float64 numbers (N,) as bfloat16 ones (N, 3) whose sums they are, to the digits of float32."""
    left, found = numbers, []
    for _ in range(ADDENDS):
        found.append(left.float().bfloat16())
        left = left - found[-1].double()
    return torch.stack(found, dim=1)


def _norms(points: torch.Tensor) -> torch.Tensor:
    """No less than the norms of float32 points, float64 (P,), though their squares round and underflow."""
    norms: torch.Tensor = points.norm(dim=1).double() * (1 + 2.0**-16) + points.shape[1] * 2.0**-63
    return norms


class _Space(threading.local):
    """Room for products, each thread's own and kept: new memory of that size costs as much as the product."""

    def __init__(self) -> None:
        self._room = torch.empty(0, dtype=torch.bfloat16)

    def room(self, rows: int, columns: int) -> torch.Tensor:
        """A matrix."""
        if self._room.numel() < rows * columns:
            self._room = torch.empty(rows * columns, dtype=torch.bfloat16)
        return self._room[: rows * columns].view(rows, columns)


_SPACE = _Space()


def reaching(left: Left, right: Right) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows, ascending, and columns of the pairs that may be their row's nearest.

    A row is folded into fewer smallest products, and only what was folded into those that reach is looked at.
    """
    products = _SPACE.room(len(left.values), right.values.shape[1])
    ordered = torch.mm(left.values, right.values, out=products).view(torch.int16)
    folded = ordered.view(len(products), right.folds, -1).amin(dim=1)
    least = folded.amin(dim=1).view(torch.bfloat16).double()
    most = least + 1.01 * UNIT * least + 2.02 * left.doubt
    # One more, for it is itself rounded.
    limit = most.float().bfloat16().view(torch.int16) + 1
    row, fold = (folded <= limit[:, None]).nonzero(as_tuple=True)
    columns = fold[:, None] + folded.shape[1] * torch.arange(right.folds)
    hit, place = (ordered[row[:, None], columns] <= limit[row, None]).nonzero(as_tuple=True)
    return row[hit], columns[hit, place]
