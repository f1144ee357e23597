"""Whether a line alarms on good parts as often as it was allowed to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np

from service.backbones.base import Backbone
from service.evaluation.categories import Category, as_part
from service.evaluation.judging import score_all
from service.evaluation.maps import map_size
from service.evaluation.measure import Progress, built_bank, judging_by, unheard
from service.evaluation.refusal import EvaluationRefused
from service.evaluation.result import FalseAlarms
from service.patchcore.recipe import Recipe
from service.training.gathering import FEWEST
from service.training.part import GoodPart
from service.training.thresholds import Rates

TAUGHT_SHARE = 2 / 3
"""Of the good pictures; the others are judged."""


@dataclass(frozen=True, slots=True)
class _Split:
    """One draw: the rate that was promised, what it may come to, and what it came to."""

    alpha: float
    bound: float
    rate: float


def measure_false_alarms(
    category: Category,
    parts: Sequence[GoodPart],
    recipe: Recipe,
    backbone: Backbone,
    splits: int,
    *,
    wished: float = 0.01,
    max_train: int | None = None,
    tell: Progress = unheard,
) -> FalseAlarms:
    """The false-alarm rate at the automatic threshold for ``wished``, over random splits of all good pictures
    (training and test together, each once) into taught and judged ones. Taught are two thirds, at most
    ``max_train``. Blocks for a bank a split. Raises ``EvaluationRefused`` for too few good pictures."""
    pool = _pool(category, parts)
    taught = min(int(TAUGHT_SHARE * len(pool)), max_train or len(pool))
    made = []
    for split in range(splits):
        made.append(_split(category, pool, taught, recipe, backbone, split, Rates(wished, max(wished, 0.05))))
        tell("split", split + 1, splits)
    rates = [each.rate for each in made]
    bound = fmean(each.bound for each in made)
    return FalseAlarms(
        splits=splits,
        train_images=taught,
        judged=len(pool) - taught,
        wished=wished,
        alpha=fmean(each.alpha for each in made),
        bound=bound,
        mean=fmean(rates),
        spread=stdev(rates) if splits > 1 else None,
        within_bound=fmean(rates) <= bound,
        rates=tuple(rates),
    )


def _pool(category: Category, parts: Sequence[GoodPart]) -> list[GoodPart]:
    tested = [as_part(specimen) for specimen in category.specimens if not specimen.defect]
    pool = list({part.sha256: part for part in (*parts, *tested)}.values())
    least = math.ceil(FEWEST / TAUGHT_SHARE)
    if len(pool) < least:
        raise EvaluationRefused(
            f"category {category.name} has {len(pool)} good pictures, too few to split: give at least {least}"
        )
    return pool


def _split(
    category: Category,
    pool: Sequence[GoodPart],
    taught: int,
    recipe: Recipe,
    backbone: Backbone,
    seed: int,
    rates: Rates,
) -> _Split:
    known, unseen = drawn_apart(pool, taught, seed)
    built = built_bank(category, known, recipe, backbone, rates=rates)
    with judging_by(built, backbone) as model:
        # Bound as defaults: a closure would see the last part alone.
        shown = [(part.name, lambda data=part.data: data) for part in unseen]
        scores = score_all(model, shown, map_size(category.specimens)).scores
    alpha = built.thresholds.alpha
    bound = built.memory_bank.calibration().bound(alpha)
    return _Split(alpha, bound, float((scores > built.thresholds.defect_score).mean()))


def drawn_apart(pool: Sequence[GoodPart], taught: int, seed: int) -> tuple[list[GoodPart], list[GoodPart]]:
    """``taught`` pictures drawn by the seed, and the others. Pictures of one part stay together, since a bank
    knows its own parts too well; so there may be a few fewer of the first."""
    together: dict[str, list[GoodPart]] = {}
    for part in pool:
        together.setdefault(part.part_id or part.sha256, []).append(part)
    groups = list(together.values())
    known: list[GoodPart] = []
    unseen: list[GoodPart] = []
    for place in np.random.default_rng(seed).permutation(len(groups)):
        side = known if len(known) + len(groups[place]) <= taught else unseen
        side.extend(groups[place])
    return known, unseen
