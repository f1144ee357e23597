"""How often a monitor tells drift where there is none, and how soon where there is: by drawing streams."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from statistics import median

Monitor = Callable[[float], bool]
"""Takes a line's next score; whether it tells drift."""
Stream = Callable[[Random], float]
"""Draws a score."""


def false_alarms(monitors: Callable[[], Monitor], stream: Stream, *, lines: int, frames: int) -> float:
    """Alarms per 100,000 frames without drift, over so many lines of so many frames, each with its own
    window, which its first frames fill. Takes microseconds a frame."""
    told = 0
    for line in range(lines):
        drawn, monitor = Random(line), monitors()  # noqa: S311 - a simulation, not a secret
        told += sum(monitor(stream(drawn)) for _ in range(frames))
    return 100_000 * told / (lines * frames)


@dataclass(frozen=True, slots=True)
class Delay:
    """Frames from a shift to the alarm: median and 95 % quantile over the lines; ``missed`` is the share of
    lines that were told nothing within the patience."""

    median: float
    late: float
    missed: float


def delay(
    monitors: Callable[[], Monitor],
    before: Stream,
    after: Stream,
    *,
    lines: int,
    calm: int,
    patience: int = 2_000,
) -> Delay:
    """How soon a shift is told that comes after ``calm`` frames. A line that was told before counts from the
    next time; one that is never told counts with the whole patience."""
    waits: list[int] = []
    for line in range(lines):
        drawn, monitor = Random(line), monitors()  # noqa: S311 - a simulation, not a secret
        for _ in range(calm):
            monitor(before(drawn))
        frames = (frame for frame in range(1, patience + 1) if monitor(after(drawn)))
        waits.append(next(frames, patience + 1))
    capped = sorted(min(wait, patience) for wait in waits)
    missed = sum(wait > patience for wait in waits) / lines
    return Delay(median(capped), capped[int(0.95 * (lines - 1))], missed)
