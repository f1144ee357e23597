"""The nearest vector of each patch, by chunks of a matrix product."""

import numpy as np
from numpy.typing import NDArray

from service.patchcore.distance import Products, below, least_product, slack, squared_distances

CHUNK_VALUES = 2**21
PAIRS = 2**16


def nearest_distances(
    queries: NDArray[np.floating],
    vectors: NDArray[np.floating],
    allowed: NDArray[np.bool_] | None = None,
    known: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Euclidean distance of each of (Q, D) queries to the nearest of (N, D) vectors, float32 (Q,).

    `allowed` (N,) leaves vectors out; with none left the distances are infinite. `known` (Q,) are distances
    to other vectors: the smaller ones come back, and what cannot come nearer is not measured. The product
    only rules vectors out, with a proven slack; those left are measured directly, so that a distance is right
    to float32 even where a product has lost its digits. Memory is chunks of 8 MiB beside float32 copies.
    Blocks for Q * N * D multiplications. Raises ValueError when the dimensions differ.
    """
    if queries.shape[1] != vectors.shape[1]:
        raise ValueError(f"queries have {queries.shape[1]} dimensions, the vectors {vectors.shape[1]}")
    kept = np.asarray(vectors if allowed is None else vectors[allowed], dtype=np.float32)
    points = np.asarray(queries, dtype=np.float32)
    out = np.full(len(points), np.inf, dtype=np.float32) if known is None else known.copy()
    if not len(kept):
        return out
    centre = kept.mean(axis=0, dtype=np.float64).astype(np.float32)
    others = Products.of(kept, centre)
    right, largest = others.right(slice(None)).T, float(others.norms.max())
    rows = max(1, CHUNK_VALUES // len(kept))
    for start in range(0, len(points), rows):
        part = points[start : start + rows]
        products = Products.of(part, centre)
        doubt = slack(products.norms, largest, part.shape[1])
        need = least_product(products.norms, out[start : start + rows].astype(np.float64) ** 2, doubt)
        _lower(out[start : start + rows], part, kept, products.left @ right, need, doubt)
    return out


def _lower(
    bounds: NDArray[np.float32],
    queries: NDArray[np.float32],
    vectors: NDArray[np.float32],
    near: NDArray[np.float32],
    need: NDArray[np.float32],
    doubt: NDArray[np.float64],
) -> None:
    """Bring each row's bound down to its nearest vector, where that is nearer."""
    best = near.max(axis=1)
    hit = np.flatnonzero(best >= need)
    floor = below(best[hit] - doubt[hit])
    rows = near if len(hit) == len(near) else near[hit]
    row, column = np.divmod(np.flatnonzero(rows >= floor[:, None]), len(vectors))
    for start in range(0, len(row), PAIRS):
        at, to = hit[row[start : start + PAIRS]], column[start : start + PAIRS]
        np.minimum.at(bounds, at, np.sqrt(squared_distances(queries[at], vectors[to])))
