"""How many good parts to take: what so many can do, in words for whoever takes the photos."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.patchcore import effective_alpha
from service.training.gathering import FEWEST

CURVE: Mapping[int, float] = {5: 0.85, 10: 0.87, 20: 0.91, 50: 0.92, 100: 0.94, 200: 0.94}
"""Image AUROC of the default recipe by number of good parts: the mean of the three sets in docs/method.md
that have so many."""


class Standing(StrEnum):
    """What a number of good parts is enough for."""

    TOO_FEW = "too-few"
    TRIAL = "trial"
    START = "start"
    SOUND = "sound"


MEANINGS: Mapping[Standing, str] = {
    Standing.TOO_FEW: "No bank can be made of them.",
    Standing.TRIAL: "Enough to see whether the view and the light will do, not to rely on.",
    Standing.START: "Enough to begin, while each further part still tells something.",
    Standing.SOUND: "Enough: further parts help where they show what none has shown yet.",
}
"""What each standing means, for a person."""

BETTER = 50
TRIAL_UNTIL, START_UNTIL = 20, 100
"""In no set that was measured did a second hundred gain more than .011, where the second fifty gained up to
.017 and the fifteen after the first five up to .11."""


@dataclass(frozen=True, slots=True)
class Advice:
    """``aim`` is how many parts to take next, at least; None when more are not needed. ``alpha`` is the
    false-alarm rate that they can promise, None where there is no bank."""

    standing: Standing
    sentence: str
    alpha: float | None
    aim: int | None


def advice(parts: int, wished_alpha: float = 0.01) -> Advice:
    """What ``parts`` different good parts can do for a line whose engineer wishes for this false-alarm rate.
    Raises ValueError for a negative number and for a rate outside (0, 1)."""
    if parts < 0:
        raise ValueError(f"{parts} is no number of good parts: give 0 or more")
    needed = needed_parts(wished_alpha)
    standing = _standing(parts)
    if standing is Standing.TOO_FEW:
        return Advice(
            standing,
            f"{_told(parts)} cannot make a bank: take at least {FEWEST}, better {BETTER}.",
            None,
            FEWEST,
        )
    alpha = effective_alpha(wished_alpha, parts)
    sentences = [f"{_told(parts)}: {MEANINGS[standing][0].lower()}{MEANINGS[standing][1:]}", _seen(parts)]
    if alpha > wished_alpha:
        sentences.append(
            f"They can promise a false-alarm rate of {_percent(alpha)}; "
            f"{_percent(wished_alpha)} needs {needed}."
        )
    return Advice(standing, " ".join(filter(None, sentences)), alpha, _aim(parts, needed))


def needed_parts(wished_alpha: float) -> int:
    """The fewest parts that can promise this false-alarm rate, 1 / (n + 1) at most. Raises ValueError for a
    rate outside (0, 1)."""
    effective_alpha(wished_alpha, 1)
    return max(1, math.ceil(1 / wished_alpha - 1e-9) - 1)


def _standing(parts: int) -> Standing:
    if parts < FEWEST:
        return Standing.TOO_FEW
    if parts < TRIAL_UNTIL:
        return Standing.TRIAL
    return Standing.START if parts < START_UNTIL else Standing.SOUND


def _aim(parts: int, needed: int) -> int | None:
    return next((aim for aim in sorted({TRIAL_UNTIL, START_UNTIL, needed}) if parts < aim), None)


def _seen(parts: int) -> str:
    """What was measured with no more parts than these, beside the most that was measured."""
    below = [count for count in CURVE if count <= parts]
    if not below or max(below) == max(CURVE):
        return ""
    return (
        f"In our measurements {max(below)} parts ranked defects with an AUROC of {CURVE[max(below)]:.2f}, "
        f"{max(CURVE)} with {CURVE[max(CURVE)]:.2f}."
    )


def _told(parts: int) -> str:
    return "1 good part" if parts == 1 else f"{parts} good parts"


def _percent(rate: float) -> str:
    return f"{100 * rate:.2g} %"
