"""Numbers as people say them, for the templates."""

from collections.abc import Callable
from datetime import datetime

from schemas.activation import Thresholds

# A bar shows scores up to this many times the threshold; what lies past it fills the bar.
BAR_SPAN = 1.5


def count(number: int, noun: str = "", plural: str = "") -> str:
    """``2,048 vectors``; the noun is left out when empty."""
    word = noun if number == 1 else plural or f"{noun}s"
    return f"{number:,} {word}" if noun else f"{number:,}"


def share(part: float | None) -> str:
    """``3.1 % of judged parts``."""
    if part is None:
        return "nothing judged yet"
    percent = f"{part * 100:.1f}" if 0 < part < 0.1 else f"{part * 100:.0f}"
    return f"{percent} % of judged parts"


def score(number: float | None) -> str:
    """A score with three significant digits; a dash without one."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:#.3g}".rstrip(".")


def p_value(number: float | None) -> str:
    """A p-value with two significant digits."""
    return "–" if number is None else f"{number:.2g}"


def one_in(rate: float) -> str:
    """A rate as ``1 in 100``."""
    return f"1 in {round(1 / rate):,}" if rate > 0 else "none"


def unusual(number: float) -> str:
    """A p-value as a sentence about good parts."""
    if number >= 0.5:
        return "most good parts score as high as this"
    return f"about {one_in(number)} good parts scores as high as this"


def per_thousand(number: float | None) -> str:
    """A rate of defects; a dash when nothing was judged."""
    if number is None:
        return "–"
    return f"{number:.1f}" if 0 < number < 9.95 else f"{number:,.0f}"


def promise(thresholds: Thresholds) -> str:
    """The false-alarm rate that a line can keep, and why it is not the one that was wished."""
    kept = f"at most {one_in(thresholds.alpha)} good parts is called a defect"
    if thresholds.alpha > thresholds.wished_alpha * 1.001:
        parts = count(thresholds.calibration_parts, "part")
        return f"{kept}; {one_in(thresholds.wished_alpha)} was wished, more than {parts} can promise"
    return kept


def bar(number: float | None, threshold: float | None) -> float | None:
    """How much of its bar a score fills, 0 to 100; None when there is nothing to compare."""
    if number is None or threshold is None or threshold <= 0:
        return None
    return round(max(0.0, min(100.0, 100 * number / threshold / BAR_SPAN)), 1)


def clock(moment: datetime) -> str:
    """The time of day in UTC, for readers without scripts."""
    return f"{moment:%H:%M:%S} UTC"


FILTERS: dict[str, Callable[..., object]] = {
    "count": count,
    "share": share,
    "score": score,
    "p_value": p_value,
    "one_in": one_in,
    "unusual": unusual,
    "promise": promise,
    "per_thousand": per_thousand,
    "bar": bar,
    "clock": clock,
}
