"""The exact search: FAISS's flat index, and distances computed again directly."""

import threading
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from service.patchcore.distance import row_distances
from service.patchcore.resident import Features, on_host

Found = tuple[NDArray[np.float32], NDArray[np.int64]]


class ExactIndex:
    """FAISS flat search. Distances are computed again, directly, for the vectors it finds.

    A flat index goes through a matrix product: its squares are off by the product's rounding, even negative,
    and differ between batch sizes, builds and devices. Centred vectors and direct distances make a patch's
    score the same to about 1e-6 wherever it is computed. `vectors` is (N, D), float16 or float32, and is
    kept, not copied: it must not change. `device` is by torch's name. Raises ValueError for an empty bank,
    RuntimeError where CUDA is asked for and this build of FAISS or this machine has none.
    """

    def __init__(self, vectors: NDArray[np.floating], device: str = "cpu") -> None:
        if vectors.ndim != 2 or not vectors.size:
            raise ValueError(f"vectors of shape {vectors.shape} are no bank: give at least one, as (N, D)")
        self._vectors = vectors
        self._mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
        self._closing = threading.Lock()
        self._device = _number(device)
        self._resources = _gpu_resources(device) if device != "cpu" else None
        self._index: Any = self._build()

    name = "flat"

    @property
    def dim(self) -> int:
        return int(self._vectors.shape[1])

    @property
    def size(self) -> int:
        return int(self._vectors.shape[0])

    def search(self, queries: NDArray[np.float32], k: int = 1) -> Found:
        """Euclidean distances float32 (Q, k), ascending, and indices int64 (Q, k), for (Q, D) queries. Raises
        ValueError for other dimensions or k outside 1..size. Blocks for Q * N * D."""
        # One reference for the whole call: close() in another thread cannot free the index under a search.
        index = self._index
        if index is None:
            raise RuntimeError("this index is closed: search the one that replaced it")
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise ValueError(f"queries of shape {queries.shape} do not fit a bank of {self.dim} dimensions")
        if not 1 <= k <= self.size:
            raise ValueError(f"k {k} is outside 1 to the bank's {self.size} vectors")
        points = np.ascontiguousarray(queries, dtype=np.float32)
        _, found = index.search(points - self._mean, k)
        return self._direct(points, found)

    def nearest(self, queries: Features, pictures: int = 1) -> NDArray[np.float32]:
        """See PatchIndex: every distance is exact. Raises and blocks as `search` does."""
        return self.search(on_host(queries), 1)[0][:, 0]

    def close(self) -> None:
        """See PatchIndex. On CUDA the owner thread calls it, with no search running."""
        with self._closing:
            index, self._index = self._index, None
        if index is not None and self._resources is not None:
            index.reset()
            self._resources = None

    def _build(self) -> Any:
        index: Any = faiss.IndexFlatL2(self.dim)
        if self._resources is not None:
            index = faiss.index_cpu_to_gpu(self._resources, self._device, index)
        index.add(self._vectors.astype(np.float32) - self._mean)
        return index

    def _direct(self, points: NDArray[np.float32], found: NDArray[np.int64]) -> Found:
        distances = np.empty(found.shape, dtype=np.float32)
        for column in range(found.shape[1]):
            distances[:, column] = row_distances(points, self._vectors[found[:, column]])
        if found.shape[1] == 1:
            return distances, found
        order = np.argsort(distances, axis=1, kind="stable")
        return np.take_along_axis(distances, order, axis=1), np.take_along_axis(found, order, axis=1)


def faiss_has(device: str) -> bool:
    """Whether this build of FAISS searches on a device of torch, and this machine has it."""
    if not device.startswith("cuda") or not hasattr(faiss, "StandardGpuResources"):
        return False
    return bool(faiss.get_num_gpus() > _number(device))


def _number(device: str) -> int:
    """Of ``cuda:1`` 1, of ``cuda`` 0."""
    return int(device.partition(":")[2] or 0)


def _gpu_resources(device: str) -> Any:
    if not faiss_has(device):
        raise RuntimeError(
            "no CUDA search here: install faiss-gpu on a machine with a GPU, or use device cpu"
        )
    return faiss.StandardGpuResources()
