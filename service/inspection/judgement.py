"""What was found out about one picture."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from schemas.activation import Thresholds
from schemas.reasons import VerdictKind
from service.inspection.neighbours import Near
from service.patchcore.regions import Region

Draw = Literal["flagged", "all", "none"]
"""Which judgements get a heatmap: those of review and defect, every one, or none."""


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """``regions`` are boxes in the frame's pixels, highest score first: above the defect threshold for a
    defect, above the review threshold for a review, none for an ok. ``patch_scores`` is the unsmoothed grid
    [H, W] on the score's own scale; its largest value is the score. ``nearest``: what a flagged picture's
    worst patch comes nearest to."""

    score: float
    p_value: float
    verdict: VerdictKind
    regions: tuple[Region, ...]
    patch_scores: NDArray[np.float32]
    heatmap: bytes | None = None
    nearest: tuple[Near, ...] = ()


def verdict_of(score: float, thresholds: Thresholds) -> VerdictKind:
    """``defect`` above the defect score, else ``review`` above the review score, else ``ok``."""
    if score > thresholds.defect_score:
        return VerdictKind.DEFECT
    return VerdictKind.REVIEW if score > thresholds.review_score else VerdictKind.OK


def wants_heatmap(verdict: VerdictKind, draw: Draw) -> bool:
    """Whether a judgement with this verdict is drawn."""
    return draw == "all" or (draw == "flagged" and verdict != VerdictKind.OK)
