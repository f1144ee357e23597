"""What an evaluation saw beside its figures: scores, thresholds, and the parts it was most wrong about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.evaluation.categories import Category, Specimen
from service.images.decode import decode
from service.inspection.line_model import LineModel
from service.training.part import LIMITS

SHOWN = 6
"""Pictures of each kind of mistake: one row of a page."""

Mistake = Literal["miss", "false alarm"]


@dataclass(frozen=True, slots=True)
class WorstCase:
    """A part that was judged wrongly, or most nearly so: its score, and its heatmap as PNG."""

    name: str
    score: float
    wrong: bool
    heatmap: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Of one category: ``scores`` [N] of the test pictures, ``defects`` [N]; ``held_out`` [n] of the good
    parts; the thresholds; the lowest-scoring defects and the highest-scoring good parts, worst first."""

    name: str
    scores: NDArray[np.float64]
    defects: NDArray[np.bool_]
    held_out: NDArray[np.float32]
    review_score: float
    defect_score: float
    misses: Sequence[WorstCase]
    false_alarms: Sequence[WorstCase]


def evidence_of(category: Category, model: LineModel, scores: NDArray[np.float64]) -> Evidence:
    """Draws a dozen heatmaps. Blocks for the network."""
    defects = np.array([specimen.defect for specimen in category.specimens])
    rising = np.argsort(scores, kind="stable")
    limit = model.thresholds.defect_score
    return Evidence(
        name=category.name,
        scores=scores,
        defects=defects,
        held_out=model.bank.calibration_scores,
        review_score=model.thresholds.review_score,
        defect_score=limit,
        misses=[
            _case(model, category.specimens[i], scores[i], wrong=scores[i] <= limit)
            for i in [int(i) for i in rising if defects[i]][:SHOWN]
        ],
        false_alarms=[
            _case(model, category.specimens[i], scores[i], wrong=scores[i] > limit)
            for i in [int(i) for i in rising[::-1] if not defects[i]][:SHOWN]
        ],
    )


def _case(model: LineModel, specimen: Specimen, score: float, *, wrong: bool) -> WorstCase:
    judged = model.judge(decode(specimen.path.read_bytes(), LIMITS), draw="all")
    name = f"{specimen.path.parent.name}/{specimen.path.name}"
    return WorstCase(name, float(score), bool(wrong), judged.heatmap or b"")
