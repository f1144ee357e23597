"""The approximate search with a certificate: near vectors for all patches, an exact look at what decides."""

import threading

import numpy as np
from numpy.typing import NDArray

from service.patchcore.candidates import Candidates, candidates_of
from service.patchcore.distance import row_distances
from service.patchcore.effort import least_enough
from service.patchcore.resident import Features, on_host

SHARPENED, SHARPER = 8, 4
"""Of each picture so many patches are looked for with so many times the effort before any is searched
exactly: those whose nearest vector was missed lie among the largest bounds, and each would cost a look at all
vectors."""
FIRST_LOOK = 2

Points = NDArray[np.float32]


class CertifiedIndex:
    """Candidates for every patch, and for each picture an exact search of the few patches that decide it.

    Whatever vector is found, its distance is an upper bound of the exact one. So the patches with the largest
    bounds are searched again in all vectors, until the largest exact distance is no less than the next bound:
    no patch can then lie further out, and the picture's largest distance is exact. How much effort candidates
    are looked for with is the least that finds the nearest vector of points around the bank's own;
    `fit` is false where none of a few efforts does, as in whitened banks, where a product is faster.
    `vectors` (N, D) float16 are kept, not copied, beside the candidates' own. Blocks as `candidates_of`
    and `least_enough`. Raises ValueError for an empty bank and for other numbers.
    """

    def __init__(self, vectors: NDArray[np.float16]) -> None:
        if vectors.ndim != 2 or not vectors.size or vectors.dtype != np.float16:
            raise ValueError(
                f"vectors {vectors.dtype} {vectors.shape} are no bank: give at least one, as float16 (N, D)"
            )
        self._vectors = vectors
        self._closing = threading.Lock()
        candidates = candidates_of(vectors)
        enough = least_enough(candidates, vectors, candidates.efforts)
        self.effort, self.fit = enough or candidates.efforts[-1], enough is not None
        self._kind = type(candidates).__name__.lower()
        self._candidates: Candidates | None = candidates

    @property
    def name(self) -> str:
        """See PatchIndex."""
        return f"certified {self._kind}, effort {self.effort}"

    @property
    def dim(self) -> int:
        return int(self._vectors.shape[1])

    @property
    def size(self) -> int:
        return int(self._vectors.shape[0])

    def nearest(self, queries: Features, pictures: int = 1) -> Points:
        """See PatchIndex: of each picture the largest distance, and most others, are exact. Raises ValueError
        for other dimensions, where the pictures do not share the queries evenly, and for queries that are not
        finite."""
        candidates = self._candidates
        if candidates is None:
            raise RuntimeError("this index is closed: search the one that replaced it")
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise ValueError(f"queries of shape {queries.shape} do not fit a bank of {self.dim} dimensions")
        if pictures < 1 or len(queries) % pictures:
            raise ValueError(f"{len(queries)} patches are not those of {pictures} pictures of one size")
        points = np.ascontiguousarray(on_host(queries), dtype=np.float32)
        if not np.isfinite(points).all():
            raise ValueError("the queries hold values that are not finite: check the backbone")
        if not len(points):
            return np.empty(0, np.float32)
        bounds = candidates.near(points, self.effort).reshape(pictures, -1)
        self._sharpen(candidates, points, bounds)
        self._certify(candidates, points, bounds)
        return bounds.ravel()

    def close(self) -> None:
        """See PatchIndex."""
        with self._closing:
            self._candidates = None

    def _sharpen(self, candidates: Candidates, points: Points, bounds: Points) -> None:
        """Look for the nearest vectors of each picture's largest bounds again, with more effort, and lower
        the bounds where that finds nearer ones."""
        pictures, patches = bounds.shape
        few, each = min(SHARPENED, patches), np.arange(pictures)[:, None]
        place = np.argpartition(-bounds, few - 1, axis=1)[:, :few]
        these = points[(each * patches + place).ravel()]
        again = candidates.near(these, SHARPER * self.effort).reshape(place.shape)
        bounds[each, place] = np.minimum(bounds[each, place], again)

    def _certify(self, candidates: Candidates, points: Points, bounds: Points) -> None:
        """Search again, exactly, from the largest bound on, more at each look, until each picture's largest
        exact distance is at least its next bound; what was searched takes its bound's place."""
        pictures, patches = bounds.shape
        order = np.argsort(-bounds, axis=1, kind="stable")
        ranked = np.take_along_axis(bounds, order, axis=1)
        largest = np.zeros(pictures, dtype=np.float32)
        unsure, begin, end = np.arange(pictures), 0, min(FIRST_LOOK, patches)
        while len(unsure):
            place = order[unsure, begin:end]
            these = points[(unsure[:, None] * patches + place).ravel()]
            found = candidates.nearest(these)
            exact = row_distances(these, self._vectors[found]).reshape(place.shape)
            bounds[unsure[:, None], place] = exact
            largest[unsure] = np.maximum(largest[unsure], exact.max(axis=1))
            if end == patches:
                return
            unsure = unsure[largest[unsure] < ranked[unsure, end]]
            begin, end = end, min(3 * end, patches)
