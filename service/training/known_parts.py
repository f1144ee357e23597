"""What growth must know of the parts that calibrate a bank: their features and held-out distances."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.patchcore import MemoryBank, fused_score, held_out_distances, level_distances
from service.patchcore.held_out import Siblings
from service.patchcore.memory_bank import prepared
from service.training.features import PartFeatures


@dataclass(frozen=True, eq=False, slots=True)
class KnownParts:
    """By the part's number in the bank: ``features``, and ``distances`` [L, H, W] of each patch to the bank
    without the part's own vectors.

    New vectors come of new parts, so a distance after growth is the smaller of the old one and that to the
    new vectors alone: a hundred parts are calibrated again in tens of milliseconds, not in seconds.
    """

    features: Mapping[int, PartFeatures]
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
        known = {int(part): features[int(part)] for part in bank.calibration_parts}
        distances = _held_out(bank, known, siblings)
        return cls(known, distances)

    def after(self, before: MemoryBank, grown: MemoryBank) -> "KnownParts":
        """The same parts against the grown bank, whose first vectors are those of ``before``."""
        added = grown.vectors[before.size :].astype(np.float32)
        if not len(added):
            return self
        distances = {}
        for part, rows in self.features.items():
            near = level_distances(prepared(rows, grown.whitening), added, grown.levels)
            distances[part] = np.minimum(self.distances[part], near)
        return KnownParts(self.features, distances)

    def joined(
        self, bank: MemoryBank, features: Mapping[int, PartFeatures], siblings: Siblings | None = None
    ) -> "KnownParts":
        """These parts and more, which the bank has learned."""
        if not features:
            return self
        distances = _held_out(bank, features, siblings)
        return KnownParts({**self.features, **features}, {**self.distances, **distances})

    def scores(self, bank: MemoryBank) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Held-out scores, and the parts' numbers."""
        scores = [fused_score(distances, bank.recipe) for distances in self.distances.values()]
        return np.asarray(scores, np.float32), np.asarray(list(self.distances), np.int32)

    @property
    def size_bytes(self) -> int:
        """What it holds in memory."""
        features = sum(rows.nbytes for rows in self.features.values())
        return features + sum(distances.nbytes for distances in self.distances.values())


def _held_out(
    bank: MemoryBank, features: Mapping[int, PartFeatures], siblings: Siblings | None
) -> dict[int, NDArray[np.float32]]:
    vectors, kin = bank.vectors.astype(np.float32), siblings or {}
    return {
        part: held_out_distances(
            prepared(rows, bank.whitening), part, vectors, bank.vector_part, kin.get(part, ()), bank.levels
        )
        for part, rows in features.items()
    }
