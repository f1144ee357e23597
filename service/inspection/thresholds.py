"""From a wished false-alarm rate to the scores where verdicts part."""

from schemas.activation import Thresholds
from service.patchcore.calibration import Calibration, effective_alpha

REVIEW_BAND = 3.0
"""A person sees up to three times as many good parts as raise an alarm: enough to learn from, few enough to
look at."""


def thresholds_at(
    calibration: Calibration, wished_alpha: float, review_alpha: float | None = None
) -> Thresholds:
    """The thresholds for a false-alarm rate, by conformal calibration (see patchcore.calibration).

    ``review_alpha`` is the share of good parts that a person or an alarm sees; by default three times alpha,
    at most one half. Raises ValueError for rates outside (0, 1) or a review rate below the alarm rate.
    """
    alpha = effective_alpha(wished_alpha, calibration.n)
    review = max(alpha, min(0.5, REVIEW_BAND * alpha)) if review_alpha is None else review_alpha
    if not alpha <= review < 1:
        raise ValueError(f"The review rate {review} is not between the alarm rate {alpha:g} and 1: raise it.")
    return Thresholds(
        wished_alpha=wished_alpha,
        alpha=alpha,
        review_alpha=review,
        defect_score=calibration.threshold(alpha),
        review_score=calibration.threshold(review),
        calibration_parts=calibration.n,
    )
