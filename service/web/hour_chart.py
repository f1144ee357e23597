"""The chart of an hour: a bar a minute, as high as the share of defects among its parts."""

from dataclasses import dataclass

from service.web.shapes import LastHour

HEIGHT, STEP = 44, 6
# The axis ends here, or at the highest bar: one defect among many must not look like a wall of them.
LEAST_TOP = 50.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A minute in which parts were judged; one without is a gap in the axis."""

    x: int
    height: float


@dataclass(frozen=True, slots=True)
class HourChart:
    """``top`` is where the axis ends, in defects per thousand."""

    top: float
    bars: tuple[Bar, ...]
    height: int = HEIGHT
    step: int = STEP


def hour_chart(hour: LastHour) -> HourChart:
    """The bars of an hour, oldest first."""
    rates = {
        minute: 1000 * bad / judged
        for minute, (judged, bad) in enumerate(zip(hour.judged, hour.defects, strict=True))
        if judged
    }
    top = max([LEAST_TOP, *rates.values()])
    bars = (Bar(minute * STEP, round(rate / top * HEIGHT, 1)) for minute, rate in rates.items())
    return HourChart(top, tuple(bars))
