"""Holding a part out of the whitening, as it is held out of the vectors."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from service.patchcore.held_out import Siblings, fused_score
from service.patchcore.levels import columns, level_distances
from service.patchcore.memory_bank import MemoryBank, prepared
from service.patchcore.moments import Moments
from service.patchcore.side_by_side import side_by_side
from service.patchcore.whitening import Whitening

MOST_PARTS = 100
"""A part's weight in the whitening falls as 1 / n, by which n lowers its score: 1 % of it with twenty parts,
too little to be seen with two hundred, where the fits would take as long as the selection."""
LEAST_LEFT = 1e-6
"""Of a stage's spread: where less is left without a part, the others are all alike and cannot be whitened."""


def held_out_of_whitening(
    bank: MemoryBank,
    parts: Sequence[NDArray[np.floating]],
    moments: Moments,
    siblings: Siblings | None = None,
) -> MemoryBank:
    """The bank with each calibration part, and its `siblings` with it, held out of the whitening too.

    Whitening that was fitted with a part draws its patches towards the others, as it draws no part that it
    never saw: held-out scores come out too low, and lines alarm more often than promised. So the whitening is
    fitted again without the part, to the `moments` of all `parts` less its own, and by how much its score
    moves is kept as its shift: growth scores it again without the features of the others. Of more than 100
    parts the bank is returned as it is. Blocks for a decomposition and a search a part.
    """
    if len(parts) > MOST_PARTS or bank.whitening is None:
        return bank
    kin = siblings or {}

    def shift(held: tuple[int, float]) -> float:
        own, score = held
        return _refitted_score(bank, parts, [own, *kin.get(own, ())], moments, score) - score

    held = zip(bank.calibration_parts.tolist(), bank.calibration_scores, strict=True)
    shifted = replace(bank, calibration_shifts=np.array(side_by_side(shift, held), np.float32))
    return shifted.calibrated(bank.calibration_scores, bank.calibration_parts)


def _refitted_score(
    bank: MemoryBank,
    parts: Sequence[NDArray[np.floating]],
    together: list[int],
    moments: Moments,
    score: float,
) -> float:
    """Of the first of some pictures of one part; the `score` that it has where nothing is left to fit to."""
    left = moments.without(Moments.of([parts[own] for own in together]))
    if bank.whitening is None or not _can_be_whitened(bank, left, moments):
        return score
    turn = _turn(bank.whitening, Whitening.of(left, bank.recipe, bank.levels))
    vectors = bank.vectors[~np.isin(bank.vector_part, together)].astype(np.float32)
    rows = prepared(parts[together[0]], bank.whitening)
    return fused_score(level_distances(rows @ turn, vectors @ turn, bank.levels), bank.recipe)


def _can_be_whitened(bank: MemoryBank, left: Moments, moments: Moments) -> bool:
    spread, whole = left.covariance().diagonal(), moments.covariance().diagonal()
    stages = columns(bank.levels, bank.dim)
    return left.count > 1 and all(spread[at].sum() > LEAST_LEFT * whole[at].sum() for at in stages)


def _turn(old: Whitening, new: Whitening) -> NDArray[np.float32]:
    """What takes whitened patches to where another whitening would have them, but for a constant that no
    distance sees. The bank keeps no patch as it was before."""
    turn = np.zeros(old.matrix.shape)
    for level in columns(old.levels, old.mean.size):
        turn[level, level] = np.linalg.solve(
            old.matrix[level, level].astype(np.float64), new.matrix[level, level].astype(np.float64)
        )
    return turn.astype(np.float32)
