"""Moments: what whitening must know of the good patches, and can be told without some of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROWS = 8192


@dataclass(frozen=True, eq=False, slots=True)
class Moments:
    """Of `count` patches their `mean` float64 (D,), and `scatter` float64 (D, D), the sum of the outer
    products of what each differs by from it."""

    count: int
    mean: NDArray[np.float64]
    scatter: NDArray[np.float64]

    @classmethod
    def of(cls, parts: Sequence[NDArray[np.floating]]) -> "Moments":
        """Of all patches of parts, (..., D) each, that are gone through twice, one at a time."""
        mean, count = _mean(parts)
        scatter = np.zeros((mean.size, mean.size))
        for rows in _chunks(parts):
            centred = rows - mean
            scatter += centred.T @ centred
        return cls(count, mean, scatter)

    def covariance(self) -> NDArray[np.float64]:
        """(D, D); of no patches it is not defined."""
        return self.scatter / self.count

    def without(self, some: "Moments") -> "Moments":
        """Of the patches but for `some` of them, fewer than all (Chan, Golub and LeVeque 1979, backwards)."""
        count = self.count - some.count
        mean = (self.count * self.mean - some.count * some.mean) / count
        apart = mean - some.mean
        between = (count * some.count / self.count) * np.outer(apart, apart)
        return Moments(count, mean, self.scatter - some.scatter - between)


def _chunks(parts: Iterable[NDArray[np.floating]]) -> Iterable[NDArray[np.float64]]:
    for part in parts:
        rows = part.reshape(-1, part.shape[-1])
        for start in range(0, len(rows), ROWS):
            yield rows[start : start + ROWS].astype(np.float64)


def _mean(parts: Sequence[NDArray[np.floating]]) -> tuple[NDArray[np.float64], int]:
    total, count = np.zeros(parts[0].shape[-1]), 0
    for rows in _chunks(parts):
        total += rows.sum(axis=0)
        count += len(rows)
    return total / max(1, count), count
