"""What an approximate search asks for candidates: a graph of neighbours, or lists of near vectors.

Vectors are kept as the bank has them, in float16, and points compared with them by differences in float32:
distances are right, and half the memory is read that copies in float32 would take.
"""

from typing import Any, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float16]
Points = NDArray[np.float32]
Indices = NDArray[np.int64]

LARGEST_GRAPH = 32_768
"""Vectors. A graph is asked in two thirds of the lists' time, and built by one thread, so that it is the same
whenever it is built: in one to two seconds for 20,000 vectors of 152 numbers, longest for random ones."""
WIDTH = 16
"""FAISS compares float16 ten times more slowly where a vector's length is no multiple of 8, in older versions
of 16: vectors are filled up with zeros."""
_FLOAT16 = faiss.ScalarQuantizer.QT_fp16
_untyped: Any = faiss
"""Its stubs lack some of what is used here, and ask for a quantizer where its kind is meant."""


class Candidates(Protocol):
    """Nearest vectors found with some effort, never proven. Deterministic in the vectors."""

    @property
    def efforts(self) -> tuple[int, ...]:
        """What may be asked for, rising."""
        ...

    def near(self, points: Points, effort: int) -> Points:
        """The distance to a near vector for each of (Q, D) points, float32 (Q,), measured directly; infinite
        where none was found."""
        ...

    def nearest(self, points: Points, rank: int = 0) -> Indices:
        """The index of the nearest of all vectors, or of the `rank` + 1st nearest, int64 (Q,)."""
        ...


def candidates_of(vectors: Vectors) -> Candidates:
    """For (N, D) vectors. Blocks for one to two seconds for each 20,000 of 152 numbers."""
    return Graph(vectors) if len(vectors) <= LARGEST_GRAPH else Lists(vectors)


class Graph:
    """Hierarchical navigable small worlds (Malkov and Yashunin 2018), FAISS's."""

    efforts = (7, 8, 10, 12, 16, 24)

    def __init__(self, vectors: Vectors) -> None:
        wide = _wide(vectors)
        self._index = _untyped.IndexHNSWSQ(wide.shape[1], _FLOAT16, 16)
        self._index.hnsw.efConstruction = 60
        _alone(lambda: self._index.add(wide))
        self._all = _untyped.downcast_index(self._index.storage)

    def near(self, points: Points, effort: int) -> Points:
        """See Candidates."""
        parameters = _untyped.SearchParametersHNSW()
        parameters.efSearch = effort
        return _distances(self._index.search(_wide(points), 1, params=parameters))

    def nearest(self, points: Points, rank: int = 0) -> Indices:
        """See Candidates."""
        return _last(self._all.search(_wide(points), rank + 1))


class Lists:
    """Inverted lists over k-means cells, FAISS's IVF."""

    efforts = (2, 3, 4, 6, 8)

    def __init__(self, vectors: Vectors) -> None:
        wide, cells = _wide(vectors), max(1, round(0.8 * np.sqrt(len(vectors))))
        dim, centres = wide.shape[1], faiss.IndexFlatL2(wide.shape[1])
        # Not by residual: what is left of a vector in its cell would be rounded.
        self._index = _untyped.IndexIVFScalarQuantizer(centres, dim, cells, _FLOAT16, faiss.METRIC_L2, False)
        training = self._index.cp
        training.niter, training.seed, training.min_points_per_centroid = 10, 1234, 1
        self._index.train(wide)
        self._index.add(wide)

    def near(self, points: Points, effort: int) -> Points:
        """See Candidates."""
        return _distances(self._index.search(_wide(points), 1, params=_lists_of(effort)))

    def nearest(self, points: Points, rank: int = 0) -> Indices:
        """See Candidates."""
        return _last(self._index.search(_wide(points), rank + 1, params=_lists_of(self._index.nlist)))


def _wide(points: NDArray[np.floating]) -> Points:
    """In float32, filled up to a multiple of WIDTH numbers each."""
    wide = np.zeros((len(points), points.shape[1] + -points.shape[1] % WIDTH), np.float32)
    wide[:, : points.shape[1]] = points
    return wide


def _distances(found: tuple[Points, Indices]) -> Points:
    squared, index = found[0][:, 0], found[1][:, 0]
    distances: Points = np.where(index < 0, np.float32(np.inf), np.sqrt(squared))
    return distances


def _last(found: tuple[Points, Indices]) -> Indices:
    return found[1][:, -1]


def _lists_of(count: int) -> Any:
    parameters = _untyped.SearchParametersIVF()
    parameters.nprobe = count
    return parameters


def _alone(work: Any) -> None:
    """By one thread: several would link a graph in whatever order they run."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        work()
    finally:
        faiss.omp_set_num_threads(threads)
