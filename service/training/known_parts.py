"""What growth must know of the parts that calibrate a bank: their features and held-out distances."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.patchcore import MemoryBank, held_out_distances, level_distances
from service.patchcore.held_out import Siblings, fused_scores
from service.patchcore.memory_bank import prepared
from service.patchcore.side_by_side import side_by_side
from service.training.features import PartFeatures

PARTS = 16
"""Looked at together: one at a time, more goes into calls than into products."""


@dataclass(frozen=True, eq=False, slots=True)
class KnownParts:
    """By the part's number in the bank: ``rows`` [H, W, D], its features in the space of the bank's vectors,
    and ``distances`` [L, H, W] of each patch to the bank without the part's own vectors.

    New vectors come of new parts, so a distance after growth is the smaller of the old one and that to the
    new vectors alone: a hundred parts are calibrated again in tens of milliseconds, not in seconds. To turn
    their features anew each time would take as long as all the rest.
    """

    rows: Mapping[int, NDArray[np.floating]]
    distances: Mapping[int, NDArray[np.float32]]

    @classmethod
    def of(
        cls, bank: MemoryBank, features: Mapping[int, PartFeatures], siblings: Siblings | None = None
    ) -> "KnownParts":
        """Of the calibration parts, held out with their siblings. Blocks for one product of all their patches
        with all vectors. Raises ``ValueError`` when the features of one are missing."""
        missing = [int(part) for part in bank.calibration_parts if int(part) not in features]
        if missing:
            raise ValueError(f"the features of calibration parts {missing} are missing: give all of them")
        return cls._learned(
            bank, {int(part): features[int(part)] for part in bank.calibration_parts}, siblings
        )

    def after(self, before: MemoryBank, grown: MemoryBank) -> "KnownParts":
        """The same parts against the grown bank, whose first vectors are those of ``before``."""
        added = grown.vectors[before.size :].astype(np.float32)
        if not len(added):
            return self

        def nearer(few: Sequence[int]) -> NDArray[np.float32]:
            rows = np.stack([self.rows[part] for part in few])
            known = np.stack([self.distances[part] for part in few], axis=1)
            return level_distances(rows, added, grown.levels, known=known).swapaxes(0, 1)

        names = list(self.rows)
        together = [names[begin : begin + PARTS] for begin in range(0, len(names), PARTS)]
        found = side_by_side(nearer, together)
        return KnownParts(self.rows, dict(zip(names, itertools.chain(*found), strict=True)))

    def joined(
        self, bank: MemoryBank, features: Mapping[int, PartFeatures], siblings: Siblings | None = None
    ) -> "KnownParts":
        """These parts and more, which the bank has learned."""
        if not features:
            return self
        more = self._learned(bank, features, siblings)
        return KnownParts({**self.rows, **more.rows}, {**self.distances, **more.distances})

    def scores(self, bank: MemoryBank) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Scores held out of the vectors, as ``MemoryBank.calibrated`` takes them, and the parts' numbers."""
        scores = fused_scores(np.stack(list(self.distances.values()), axis=1), bank.recipe)
        return scores, np.asarray(list(self.distances), np.int32)

    @property
    def size_bytes(self) -> int:
        """What it holds in memory."""
        rows = sum(rows.nbytes for rows in self.rows.values())
        return rows + sum(distances.nbytes for distances in self.distances.values())

    @classmethod
    def _learned(
        cls, bank: MemoryBank, features: Mapping[int, PartFeatures], siblings: Siblings | None
    ) -> "KnownParts":
        vectors, kin = bank.vectors.astype(np.float32), siblings or {}
        rows = {part: _turned(each, bank) for part, each in features.items()}

        def held_out(part: int) -> NDArray[np.float32]:
            own = rows[part]
            return held_out_distances(own, part, vectors, bank.vector_part, kin.get(part, ()), bank.levels)

        return cls(rows, dict(zip(rows, side_by_side(held_out, rows), strict=True)))


def _turned(features: PartFeatures, bank: MemoryBank) -> NDArray[np.floating]:
    return features if bank.whitening is None else prepared(features, bank.whitening)
