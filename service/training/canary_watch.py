"""Canaries held against a bank: how each scores, and what every new part takes from it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.patchcore import MemoryBank, Recipe, fused_score, level_distances
from service.patchcore.memory_bank import prepared
from service.training.features import PartFeatures


@dataclass(frozen=True, eq=False, slots=True)
class CanaryWatch:
    """By the canary's sha256: ``features``, and ``distances`` [L, H, W] of each patch to the bank. As with
    ``KnownParts``, a growth asks for distances to the new vectors only."""

    features: Mapping[str, PartFeatures]
    distances: Mapping[str, NDArray[np.float32]]

    @classmethod
    def of(cls, bank: MemoryBank, features: Mapping[str, PartFeatures]) -> "CanaryWatch":
        """Blocks for one product of all the canaries' patches with all vectors."""
        return cls(dict(features), {name: bank.distances(rows) for name, rows in features.items()})

    def with_features(self, bank: MemoryBank, features: Mapping[str, PartFeatures]) -> "CanaryWatch":
        """Exactly these canaries; those that are watched already are not measured again."""
        new = CanaryWatch.of(bank, {k: rows for k, rows in features.items() if k not in self.distances})
        distances = {name: self.distances.get(name, new.distances.get(name)) for name in features}
        return CanaryWatch(dict(features), {k: grid for k, grid in distances.items() if grid is not None})

    def scores(self, recipe: Recipe) -> dict[str, float]:
        """The score of each canary."""
        return {name: fused_score(grid, recipe) for name, grid in self.distances.items()}

    def after(self, bank: MemoryBank, begin: int) -> "CanaryWatch":
        """The canaries against a bank that grew by its vectors from ``begin`` on. Blocks for those alone."""
        if begin == bank.size:
            return self
        distances = {
            name: np.minimum(self.distances[name], _distances(rows, bank.vectors[begin:], bank))
            for name, rows in self.features.items()
        }
        return CanaryWatch(self.features, distances)

    def alone(self, canary: str, bank: MemoryBank, begin: int) -> dict[int, float]:
        """The score that a canary would have had each new part been the only one, by the part's number."""
        rows, owner = self.features[canary], bank.vector_part[begin:]
        scores: dict[int, float] = {}
        for part in np.unique(owner):
            toward = _distances(rows, bank.vectors[begin:][owner == part], bank)
            scores[int(part)] = fused_score(np.minimum(self.distances[canary], toward), bank.recipe)
        return scores

    @property
    def size_bytes(self) -> int:
        """What it holds in memory."""
        features = sum(rows.nbytes for rows in self.features.values())
        return features + sum(grid.nbytes for grid in self.distances.values())


UNWATCHED = CanaryWatch({}, {})


def _distances(rows: PartFeatures, vectors: NDArray[np.float16], bank: MemoryBank) -> NDArray[np.float32]:
    return level_distances(prepared(rows, bank.whitening), vectors, bank.levels)
