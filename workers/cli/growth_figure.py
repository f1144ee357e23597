"""The rounds of ``patchline bench grow`` as a picture: image AUROC above, seconds below."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workers.cli.growing import Round

_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 640, 150, 70, 30, 70
_GROWN, _REBUILT = "#1f77b4", "#d62728"


def draw_rounds(rounds: "Sequence[Round]") -> str:
    """An SVG of two charts over the number of parts; grown in blue, rebuilt in red."""
    x = [each.parts for each in rounds]
    charts = [
        _chart(0, "image AUROC", x, rounds, lambda r: r.image_auroc_grown, lambda r: r.image_auroc_rebuilt),
        _chart(1, "seconds", x, rounds, lambda r: r.grow_seconds, lambda r: r.rebuild_seconds),
    ]
    height = 2 * (_HEIGHT + _GAP) + _TOP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + _LEFT + 40} {height}" '
        'font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(charts)}</svg>\n'
    )


def _chart(
    row: int,
    title: str,
    x: Sequence[int],
    rounds: "Sequence[Round]",
    grown: "Callable[[Round], float]",
    rebuilt: "Callable[[Round], float]",
) -> str:
    lines = {_GROWN: [grown(each) for each in rounds], _REBUILT: [rebuilt(each) for each in rounds]}
    values = [value for line in lines.values() for value in line]
    low, high = (min(values), max(values)) if "AUROC" in title else (0.0, max(values))
    span = (high - low) or 1.0
    top = _TOP + row * (_HEIGHT + _GAP)

    def place(number: int, value: float) -> str:
        across = (x[number] - x[0]) / ((x[-1] - x[0]) or 1)
        return f"{_LEFT + across * _WIDTH:.1f},{top + _HEIGHT * (1 - (value - low) / span):.1f}"

    drawn = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="2" '
        f'points="{" ".join(place(n, value) for n, value in enumerate(line))}"/>'
        for colour, line in lines.items()
    )
    ticks = "".join(
        f'<text x="{place(n, low).split(",")[0]}" y="{top + _HEIGHT + 18}" '
        f'text-anchor="middle">{parts}</text>'
        for n, parts in enumerate(x)
    )
    return (
        f'<text x="{_LEFT}" y="{top - 10}"><tspan font-weight="bold">{title}</tspan> by parts: '
        f'<tspan fill="{_GROWN}">grown</tspan>, <tspan fill="{_REBUILT}">rebuilt</tspan></text>'
        f'<path d="M{_LEFT},{top} V{top + _HEIGHT} H{_LEFT + _WIDTH}" stroke="#888" fill="none"/>'
        f'<text x="{_LEFT - 6}" y="{top + 10}" text-anchor="end">{high:.4g}</text>'
        f'<text x="{_LEFT - 6}" y="{top + _HEIGHT}" text-anchor="end">{low:.4g}</text>{drawn}{ticks}'
    )
