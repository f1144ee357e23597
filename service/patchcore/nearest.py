"""The nearest vector of each patch, by chunks of a matrix product."""

import numpy as np
from numpy.typing import NDArray

from service.patchcore.distance import Products, below, slack, squared_distances

CHUNK_VALUES = 2**21
PAIRS = 2**16


def nearest_distances(
    queries: NDArray[np.floating], vectors: NDArray[np.floating], allowed: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Euclidean distance of each of (Q, D) queries to the nearest of (N, D) vectors, float32 (Q,).

    `allowed` (N,) leaves vectors out; with none left the distances are infinite. The product only rules
    vectors out, with a proven slack; those left are measured directly, so that a distance is right to float32
    even where a product has lost its digits. Memory is chunks of 8 MiB beside float32 copies. Blocks for
    Q * N * D multiplications. Raises ValueError when the dimensions differ.
    """
    if queries.shape[1] != vectors.shape[1]:
        raise ValueError(f"queries have {queries.shape[1]} dimensions, the vectors {vectors.shape[1]}")
    kept = np.asarray(vectors if allowed is None else vectors[allowed], dtype=np.float32)
    points = np.asarray(queries, dtype=np.float32)
    if not len(kept):
        return np.full(len(points), np.inf, dtype=np.float32)
    centre = kept.mean(axis=0, dtype=np.float64).astype(np.float32)
    others = Products.of(kept, centre)
    right, largest = others.right(slice(None)).T, float(others.norms.max())
    out = np.empty(len(points), dtype=np.float32)
    rows = max(1, CHUNK_VALUES // len(kept))
    for start in range(0, len(points), rows):
        part = points[start : start + rows]
        products = Products.of(part, centre)
        doubt = slack(products.norms, largest, part.shape[1])
        out[start : start + rows] = _direct(part, kept, products.left @ right, doubt)
    return out


def _direct(
    queries: NDArray[np.float32],
    vectors: NDArray[np.float32],
    near: NDArray[np.float32],
    doubt: NDArray[np.float64],
) -> NDArray[np.float32]:
    floor = below(near.max(axis=1) - doubt)
    row, column = np.divmod(np.flatnonzero(near >= floor[:, None]), len(vectors))
    best = np.full(len(queries), np.inf, dtype=np.float32)
    for start in range(0, len(row), PAIRS):
        at, to = row[start : start + PAIRS], column[start : start + PAIRS]
        np.minimum.at(best, at, squared_distances(queries[at], vectors[to]))
    distances: NDArray[np.float32] = np.sqrt(best)
    return distances
