"""Student's t for whole degrees of freedom, without scipy."""

import math


def student_tail(t: float, freedom: int) -> float:
    """P(T > t) for Student's t with `freedom` degrees, at least 1. From the finite series of Abramowitz and
    Stegun (1964), 26.7.3 and 26.7.4; absolute error below 1e-12. Raises ValueError for no degree."""
    if freedom < 1:
        raise ValueError(f"{freedom} degrees of freedom: Student's t needs at least 1")
    angle = math.atan(abs(t) / math.sqrt(freedom))
    inside = _odd(angle, freedom) if freedom % 2 else _series(angle, 1, freedom) * math.sin(angle)
    tail = max(0.0, (1 - inside) / 2)
    return tail if t >= 0 else 1 - tail


def _odd(angle: float, freedom: int) -> float:
    series = 0.0 if freedom == 1 else math.cos(angle) * _series(angle, 2, freedom)
    return 2 / math.pi * (angle + math.sin(angle) * series)


def _series(angle: float, first: int, freedom: int) -> float:
    """1 + first/(first + 1) cos^2 + first (first + 2) / ((first + 1) (first + 3)) cos^4 + ..."""
    square, term, total = math.cos(angle) ** 2, 1.0, 1.0
    for over in range(first, freedom - 2, 2):
        term *= square * over / (over + 1)
        total += term
    return total
