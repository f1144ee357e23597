"""The memory bank: patches of good parts, where they came from, and how good parts score."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.patchcore.calibration import Calibration
from service.patchcore.levels import Levels, columns, level_distances
from service.patchcore.recipe import Recipe
from service.patchcore.whitening import Whitening


@dataclass(frozen=True, eq=False)
class MemoryBank:
    """What a model knows. Arrays are not to be written to.

    `vectors` float16 (N, D), whitened if `whitening` is there, in the greedy order of their choice;
    `vector_part` int32 (N,), the part each came from; `calibration_scores` float32 (n,), held out, of the
    parts `calibration_parts` int32 (n,); `selection_radius`, how far from the vectors the selection left a
    patch, in the projected space (growth stops there); `coverage_radius`, the same in the features' own
    space, an upper bound after growth; `grid` (H, W) patches; `part_count`, how many parts were taught,
    with or without vectors; `levels`, how many columns each stage has where their distances are fused late,
    else empty; `calibration_shifts` float32 (n,), how much of each held-out score comes of holding the part
    out of the whitening too (see refitting), where that was done. Raises ValueError when shapes, types or
    values do not fit.
    """

    vectors: NDArray[np.float16]
    vector_part: NDArray[np.int32]
    calibration_scores: NDArray[np.float32]
    calibration_parts: NDArray[np.int32]
    selection_radius: float
    coverage_radius: float
    grid: tuple[int, int]
    recipe: Recipe
    whitening: Whitening | None = None
    part_count: int = 0
    levels: Levels = ()
    calibration_shifts: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        _expect(self.vectors, np.float16, "vectors", 2)
        _expect(self.vector_part, np.int32, "vector_part", 1)
        _expect(self.calibration_scores, np.float32, "calibration_scores", 1)
        _expect(self.calibration_parts, np.int32, "calibration_parts", 1)
        if len(self.vectors) != len(self.vector_part) or not self.vectors.size:
            raise ValueError(
                f"{len(self.vectors)} vectors came with {len(self.vector_part)} parts: build again"
            )
        if len(self.calibration_scores) != len(self.calibration_parts):
            raise ValueError("the calibration's scores and parts differ in number: build the bank again")
        if self.calibration_shifts is not None:
            _expect(self.calibration_shifts, np.float32, "calibration_shifts", 1)
            if len(self.calibration_shifts) != len(self.calibration_parts):
                raise ValueError("the calibration's shifts and parts differ in number: build the bank again")
        columns(self.levels, self.dim)
        if not (self.selection_radius >= 0 and self.coverage_radius >= 0):
            raise ValueError("a radius of the bank is no distance: build the bank again")

    @property
    def dim(self) -> int:
        return int(self.vectors.shape[1])

    @property
    def size(self) -> int:
        return len(self.vectors)

    @property
    def next_part(self) -> int:
        """The index of the next part that is taught."""
        named = np.concatenate([self.vector_part, self.calibration_parts])
        return max(self.part_count, int(named.max()) + 1)

    def calibration(self) -> Calibration:
        return Calibration(self.calibration_scores)

    def calibrated(self, scores: NDArray[np.float32], parts: NDArray[np.int32]) -> "MemoryBank":
        """The bank with these parts' scores (n,), held out of the vectors alone, as its calibration: each is
        shifted as it was before. A part that the whitening never saw has no shift."""
        shifts = self._shifts_of(parts)
        shifted = scores if shifts is None else scores + shifts
        return replace(self, calibration_scores=shifted, calibration_parts=parts, calibration_shifts=shifts)

    def calibrated_by(self, kept: NDArray[np.bool_]) -> "MemoryBank":
        """The bank with some of its calibration parts, (n,), and no others."""
        shifts = self.calibration_shifts
        return replace(
            self,
            calibration_scores=self.calibration_scores[kept],
            calibration_parts=self.calibration_parts[kept],
            calibration_shifts=None if shifts is None else shifts[kept],
        )

    def _shifts_of(self, parts: NDArray[np.int32]) -> NDArray[np.float32] | None:
        if self.calibration_shifts is None:
            return None
        known = dict(zip(self.calibration_parts.tolist(), self.calibration_shifts.tolist(), strict=True))
        return np.array([known.get(part, 0.0) for part in parts.tolist()], np.float32)

    def queries(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """Embedded features (..., D) as rows (Q, D) to search the vectors with."""
        return prepared(features.reshape(-1, features.shape[-1]), self.whitening)

    def distances(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """Distances of embedded features (..., D) to the nearest vectors in each level, (L, ...). Blocks for
        one product of all patches with all vectors."""
        return level_distances(prepared(features, self.whitening), self.vectors, self.levels)


def prepared(features: NDArray[np.floating], whitening: Whitening | None) -> NDArray[np.float32]:
    """Features in the space that the bank's vectors live in, float32, contiguous, the shape kept."""
    if whitening is not None:
        return np.ascontiguousarray(whitening.apply(features))
    return np.ascontiguousarray(features, dtype=np.float32)


def rounded(features: NDArray[np.float32]) -> NDArray[np.float16]:
    """What the bank stores of prepared features. Raises ValueError where float16 cannot hold them."""
    limit = float(np.finfo(np.float16).max)
    if features.size and not max(float(features.max()), -float(features.min())) <= limit:
        raise ValueError(
            f"features are not finite or above {limit:g}, which no bank can store: check the backbone"
        )
    return features.astype(np.float16)


def _expect(array: NDArray[np.generic], dtype: type[np.generic], name: str, axes: int) -> None:
    if array.dtype != dtype or array.ndim != axes:
        raise ValueError(f"{name} are {array.dtype} {array.shape}, not {np.dtype(dtype)} with {axes} axes")
    if not np.isfinite(array.astype(np.float32)).all():
        raise ValueError(f"{name} hold values that are not finite: build the bank again")
