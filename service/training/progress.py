"""How far a build is."""

from collections.abc import Callable
from typing import Literal

BuildStep = Literal["extract", "select"]
BuildProgress = Callable[[BuildStep, int, int], None]
"""Told of the step, how much of it is done, and of how much."""


def unwatched(step: BuildStep, done: int, expected: int) -> None:
    """A ``BuildProgress`` that nobody watches."""
