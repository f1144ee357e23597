"""The rates that an engineer wishes for, and the thresholds that the calibration makes of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.activation import Thresholds
from service.inspection.thresholds import thresholds_at
from service.patchcore import Calibration, effective_alpha


@dataclass(frozen=True, slots=True)
class Rates:
    """The share of good parts that may raise an alarm, and the share that a person may be shown. Raises
    ``ValueError`` for rates that cannot be."""

    alpha: float = 0.01
    review_alpha: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.alpha <= self.review_alpha < 1:
            raise ValueError(
                f"a false-alarm rate of {self.alpha:g} and a review rate of {self.review_alpha:g} cannot be: "
                "give both more than 0 and less than 1, the review rate no smaller"
            )

    @classmethod
    def of(cls, thresholds: Thresholds) -> "Rates":
        """The rates in force, to be carried over to another bank."""
        return cls(thresholds.wished_alpha, thresholds.review_alpha)


def thresholds_of(
    calibration_scores: NDArray[np.floating], wished_alpha: float = 0.01, review_alpha: float = 0.05
) -> Thresholds:
    """The thresholds for these rates; where few parts cannot promise ``wished_alpha``, the smallest rate
    that they can, and a review rate at least as large. Raises ``ValueError`` for rates that cannot be."""
    rates = Rates(wished_alpha, review_alpha)
    calibration = Calibration(calibration_scores)
    alpha = effective_alpha(rates.alpha, calibration.n)
    return thresholds_at(calibration, rates.alpha, max(rates.review_alpha, alpha))
