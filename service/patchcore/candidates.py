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
whenever it is built: in a second for 25,000 vectors, which a larger bank would exceed."""


_FLOAT16 = faiss.ScalarQuantizer.QT_fp16


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
    """For (N, D) vectors. Blocks for a second for each 25,000 of them at most."""
    return Graph(vectors) if len(vectors) <= LARGEST_GRAPH else Lists(vectors)


class Graph:
    """Hierarchical navigable small worlds (Malkov and Yashunin 2018), FAISS's."""

    efforts = (7, 8, 10, 12, 16, 24)

    def __init__(self, vectors: Vectors) -> None:
        # FAISS's stub asks for a quantizer where its kind is meant.
        graph: Any = faiss.IndexHNSWSQ
        self._index: Any = graph(vectors.shape[1], _FLOAT16, 16)
        self._index.hnsw.efConstruction = 60
        # Of float16 there is nothing to learn.
        self._index.is_trained = True
        _alone(lambda: self._index.add(vectors.astype(np.float32)))
        self._all: Any = faiss.downcast_index(self._index.storage)

    def near(self, points: Points, effort: int) -> Points:
        """See Candidates."""
        # Not in FAISS's stubs.
        parameters: Any = vars(faiss)["SearchParametersHNSW"]()
        parameters.efSearch = effort
        return _distances(self._index.search(points, 1, params=parameters))

    def nearest(self, points: Points, rank: int = 0) -> Indices:
        """See Candidates."""
        return _last(self._all.search(points, rank + 1))


class Lists:
    """Inverted lists over k-means cells, FAISS's IVF-flat."""

    efforts = (2, 3, 4, 6, 8)

    def __init__(self, vectors: Vectors) -> None:
        dim, cells = vectors.shape[1], max(1, round(0.8 * np.sqrt(len(vectors))))
        # Not what is left of a vector in its cell: that would be rounded.
        whole = (faiss.METRIC_L2, False)
        self._index: Any = faiss.IndexIVFScalarQuantizer(faiss.IndexFlatL2(dim), dim, cells, _FLOAT16, *whole)
        training = self._index.cp
        training.niter, training.seed, training.min_points_per_centroid = 10, 1234, 1
        single = vectors.astype(np.float32)
        self._index.train(single)
        self._index.add(single)

    def near(self, points: Points, effort: int) -> Points:
        """See Candidates."""
        return _distances(self._index.search(points, 1, params=_lists_of(effort)))

    def nearest(self, points: Points, rank: int = 0) -> Indices:
        """See Candidates."""
        return _last(self._index.search(points, rank + 1, params=_lists_of(self._index.nlist)))


def _distances(found: tuple[Points, Indices]) -> Points:
    squared, index = found[0][:, 0], found[1][:, 0]
    distances: Points = np.where(index < 0, np.float32(np.inf), np.sqrt(squared))
    return distances


def _last(found: tuple[Points, Indices]) -> Indices:
    return found[1][:, -1]


def _lists_of(count: int) -> Any:
    parameters: Any = faiss.SearchParametersIVF()
    parameters.nprobe = count
    return parameters


def _alone(work: Any) -> None:
    """By one thread: several would link a graph in the order of their chance."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        work()
    finally:
        faiss.omp_set_num_threads(threads)
