"""A polygon that bounds an area: three points or more, and no edge that crosses another."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

Point = tuple[float, float]
MOST_POINTS = 256
_LEAST_AREA = 1e-12


def sound(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The points without a last one that repeats the first. Raises ValueError, one sentence."""
    ring = points[:-1] if len(points) > 1 and points[0] == points[-1] else points
    if len(set(ring)) < 3:
        raise ValueError(f"a polygon of {len(set(ring))} points bounds nothing: give at least 3")
    corners = np.asarray(ring, np.float64)
    if (crossing := _crossing(corners)) is not None:
        first, second = (", ".join(f"{value:g}" for value in ring[edge]) for edge in crossing)
        raise ValueError(f"a polygon crosses itself: its edges from ({first}) and from ({second}) meet")
    if abs(_area(corners)) < _LEAST_AREA:
        raise ValueError("a polygon has no area: its points lie on one line")
    return ring


Polygon = Annotated[tuple[Point, ...], Field(max_length=MOST_POINTS + 1), AfterValidator(sound)]
"""Points (x, y), in the order in which the outline runs through them."""


def _area(corners: NDArray[np.float64]) -> float:
    ahead = np.roll(corners, -1, axis=0)
    return float(np.sum(corners[:, 0] * ahead[:, 1] - ahead[:, 0] * corners[:, 1]) / 2)


def _crossing(corners: NDArray[np.float64]) -> tuple[int, int] | None:
    """The first two edges that meet and are not neighbours, by the corner each begins at."""
    count = len(corners)
    first, second = np.triu_indices(count, 2)
    apart = (second + 1) % count != first
    first, second = first[apart], second[apart]
    a, b = corners[first], corners[(first + 1) % count]
    c, d = corners[second], corners[(second + 1) % count]
    meet = (_side(a, b, c) * _side(a, b, d) <= 0) & (_side(c, d, a) * _side(c, d, b) <= 0)
    # Edges on one line pass both tests wherever they lie: they meet where their boxes do.
    meet &= (
        np.maximum(np.minimum(a, b), np.minimum(c, d)) <= np.minimum(np.maximum(a, b), np.maximum(c, d))
    ).all(1)
    found = np.flatnonzero(meet)
    return (int(first[found[0]]), int(second[found[0]])) if len(found) else None


def _side(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sign of where ``c`` lies from the line through ``a`` and ``b``."""
    across = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    return np.asarray(np.sign(across))
