"""What ``patchline bench poison`` found as a picture: defects stopped against good cells passed."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workers.cli.poisoning import Approval, Limits

_WIDTH, _HEIGHT, _LEFT, _TOP = 560, 320, 70, 60
_LEAST_PASSED, _LEAST_STOPPED = 0.9, 0.4
_ANY = float("inf")
_MULTIPLES = [0.5 + 0.01 * step for step in range(200)]
_LOSSES = [0.0005 * 1.08**step for step in range(90)]
_COLOURS = ("#7f7f7f", "#d62728", "#1f77b4")
Point = tuple[float, float]


def draw_curves(bad: "Sequence[Approval]", good: "Sequence[Approval]", limits: "Limits") -> str:
    """An SVG: the score's limit varied alone; then, beside the score's, the limit of what any part may cost a
    canary; then that of an unusual part, beside a usual one's. A ring where the limits in force are."""
    multiple, _, usual, usual_loss = limits

    def at(*limits: float) -> Point:
        passed = sum(not each.stopped(*limits) for each in good) / len(good)
        return passed, sum(each.stopped(*limits) for each in bad) / len(bad)

    curves = {
        "score alone": [at(limit, _ANY) for limit in _MULTIPLES],
        f"score above {multiple:g}, or cost of any part": [at(multiple, limit) for limit in _LOSSES],
        f"score above {multiple:g}, cost of one among the highest {usual:.0%}, or {usual_loss:.0%} of any": [
            at(multiple, limit, usual, usual_loss) for limit in _LOSSES
        ],
    }
    drawn = "".join(_curve(number, title, points) for number, (title, points) in enumerate(curves.items()))
    x, y = _place(at(*limits))
    ring = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="none" stroke="black" stroke-width="2"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + _LEFT + 30} {_HEIGHT + _TOP + 50}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
        f"{_axes()}{drawn}{ring}</svg>\n"
    )


def _curve(number: int, title: str, points: Sequence[Point]) -> str:
    colour, shown = _COLOURS[number], [point for point in points if point[0] >= _LEAST_PASSED]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(_place, shown))
    return (
        f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>'
        f'<text x="{_LEFT}" y="{16 + 16 * number}" fill="{colour}">{title}</text>'
    )


def _axes() -> str:
    return "".join(_ticks()) + (
        f'<text x="{_LEFT + _WIDTH / 2}" y="{_TOP + _HEIGHT + 38}" text-anchor="middle">good cells that pass '
        "without a second person</text>"
        f'<text x="16" y="{_TOP + _HEIGHT / 2}" text-anchor="middle" '
        f'transform="rotate(-90 16 {_TOP + _HEIGHT / 2})">defects stopped</text>'
    )


def _ticks() -> Iterator[str]:
    for step in range(11):
        x, bottom = _place((_LEAST_PASSED + 0.01 * step, _LEAST_STOPPED))
        yield (
            f'<path d="M{x:.1f},{_TOP} V{bottom:.1f}" stroke="#eee"/><text x="{x:.1f}" y="{bottom + 18:.1f}" '
            f'text-anchor="middle">{_LEAST_PASSED + 0.01 * step:.0%}</text>'
        )
    for step in range(7):
        left, y = _place((_LEAST_PASSED, _LEAST_STOPPED + 0.1 * step))
        yield (
            f'<path d="M{left:.1f},{y:.1f} H{_LEFT + _WIDTH}" stroke="#eee"/><text x="{left - 8:.1f}" '
            f'y="{y + 4:.1f}" text-anchor="end">{_LEAST_STOPPED + 0.1 * step:.0%}</text>'
        )


def _place(point: Point) -> Point:
    across = (point[0] - _LEAST_PASSED) / (1 - _LEAST_PASSED)
    up = (max(point[1], _LEAST_STOPPED) - _LEAST_STOPPED) / (1 - _LEAST_STOPPED)
    return _LEFT + across * _WIDTH, _TOP + _HEIGHT * (1 - up)
