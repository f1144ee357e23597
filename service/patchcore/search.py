"""The search: how far each patch lies from a bank, by whichever index is fastest for it."""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from service.patchcore import bfloat16
from service.patchcore.certified_index import CertifiedIndex
from service.patchcore.device_index import DeviceIndex
from service.patchcore.effort import promising
from service.patchcore.exact_index import ExactIndex, faiss_has
from service.patchcore.level_index import LevelIndex
from service.patchcore.levels import Levels
from service.patchcore.product_index import ProductIndex
from service.patchcore.recipe import ScoreMode
from service.patchcore.resident import Features

Search = Literal["certified", "exact"]

SEARCHES: Mapping[Search, str] = {
    "certified": "The fastest index whose image scores are proven equal to the exact ones, frame by frame.",
    "exact": "FAISS's flat index: every vector is looked at for every patch.",
}

FEWEST_LISTED = 4096
"""Vectors. Below it a product with all of them costs less than to look for candidates."""
MOST_PREPARED = 262_144
"""Vectors. Above it nothing but a copy is made of them: lists and products of 1,600,000 take a minute beside
other work, which is what a worker has to load a bank; a search of so many takes seconds either way."""
FEWEST_MULTIPLIED = 256


class PatchIndex(Protocol):
    """Nearest vectors of one bank. Searches may run at once, but for FAISS on CUDA: one owner thread."""

    @property
    def name(self) -> str:
        """What it is, in a word or two."""
        ...

    @property
    def dim(self) -> int: ...

    @property
    def size(self) -> int: ...

    def nearest(self, queries: Features, pictures: int = 1) -> NDArray[np.float32]:
        """The fused distance of each of (Q, D) queries to the nearest vectors, float32 (Q,). The queries are
        those of `pictures` pictures, equally many of each and one picture after another: of each picture the
        largest distance is exact. Whether the others are is the index's to say; none is ever below the exact
        one."""
        ...

    def close(self) -> None:
        """Free the memory now. A later search raises RuntimeError; closing again does nothing."""
        ...


def index_of(
    vectors: NDArray[np.floating],
    levels: Levels,
    *,
    search: Search = "exact",
    score: ScoreMode = "max",
    device: str = "cpu",
) -> PatchIndex:
    """The index of a bank's vectors (N, D) for pictures that are scored by `score`.

    Certified, and `score` is the largest distance: `CertifiedIndex` for 4,096 to 262,144 vectors in float16,
    as banks have them, where it finds enough. Otherwise a product in bfloat16 (`ProductIndex`), every
    distance exact, for 256 to 262,144 vectors on a processor that has it; else flat. On a device that is no
    CPU a product there (`DeviceIndex`), and for "exact" FAISS's own where this build of it has CUDA. Raises
    as the indexes do, and blocks as they and `promising`.
    """
    if device != "cpu" and not (search == "exact" and faiss_has(device)):
        return DeviceIndex(vectors, device, levels)
    if search == "exact":
        return _by_levels(vectors, levels, lambda part: ExactIndex(part, device))
    halves = vectors.dtype == np.float16
    listable = halves and not levels and score == "max" and FEWEST_LISTED <= len(vectors) <= MOST_PREPARED
    if listable and promising(vectors):
        listed = CertifiedIndex(vectors)
        if listed.fit:
            return listed
        listed.close()
    return _by_levels(vectors, levels, _multiplied)


def _by_levels(
    vectors: NDArray[np.floating], levels: Levels, make: Callable[[NDArray[np.floating]], PatchIndex]
) -> PatchIndex:
    return LevelIndex(vectors, levels, make) if levels else make(vectors)


def _multiplied(vectors: NDArray[np.floating]) -> PatchIndex:
    if not FEWEST_MULTIPLIED <= len(vectors) <= MOST_PREPARED or not bfloat16.native():
        return ExactIndex(vectors)
    return ProductIndex(vectors)
