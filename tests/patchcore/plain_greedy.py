"""The plain greedy loop: the oracle that the fast selection must equal."""

import numpy as np
from numpy.typing import NDArray

from service.patchcore.distance import squared_distances


def plain_greedy(
    features: NDArray[np.float32],
    keep: int,
    *,
    until_radius: float = -1.0,
    seen: NDArray[np.float32] | None = None,
) -> tuple[list[int], list[np.float32], float]:
    """Indices, radii and the radius left, by N * k canonical distances."""
    nearest = np.full(len(features), np.inf, dtype=np.float32)
    for row in features[:0] if seen is None else seen:
        nearest = np.minimum(nearest, squared_distances(features, row[None]))
    chosen: list[int] = []
    radii: list[np.float32] = []
    while len(chosen) < min(keep, len(features)):
        farthest = int(nearest.argmax())
        if not chosen and (seen is None or not len(seen)):
            mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
            farthest = int(squared_distances(features, mean[None]).argmax())
        elif float(np.sqrt(nearest[farthest])) <= until_radius:
            break
        chosen.append(farthest)
        radii.append(np.sqrt(nearest[farthest]))
        nearest = np.minimum(nearest, squared_distances(features, features[farthest][None]))
        nearest[chosen] = -1
    return chosen, radii, float(np.sqrt(max(np.float32(0), nearest.max())))
