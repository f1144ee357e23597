"""What defects among the parts that are called good do to a bank, and what the screen mends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from service.backbones.base import Backbone
from service.evaluation.categories import Category, as_part
from service.evaluation.judging import score_all
from service.evaluation.maps import map_size
from service.evaluation.measure import Progress, chosen, judging_by, unheard
from service.evaluation.refusal import EvaluationRefused
from service.evaluation.result import Contamination
from service.patchcore.metrics import auroc
from service.patchcore.recipe import Recipe
from service.training.build import build_taught
from service.training.part import GoodPart
from service.training.refusal import TrainingRefused
from service.training.screening import screen
from service.training.taught import TaughtParts


@dataclass(frozen=True, slots=True)
class _Draw:
    """One seed's figures."""

    clean: float
    contaminated: float
    screened: float
    excluded: int
    caught: int


def measure_contamination(
    category: Category,
    parts: Sequence[GoodPart],
    recipe: Recipe,
    backbone: Backbone,
    share: float,
    *,
    max_train: int | None = None,
    seeds: int = 1,
    tell: Progress = unheard,
) -> Contamination:
    """AUROC with good parts alone, with ``share`` of them replaced by the category's own defects (which are
    then not tested), and with what the screen leaves of those. Blocks for three banks a seed. Raises
    ``EvaluationRefused`` where no defect or no good test picture would be left."""
    taught = min(len(parts), max_train or len(parts))
    spoilt = max(1, round(share * taught))
    _refuse_too_few(category, spoilt)
    draws = []
    for seed in range(recipe.seed, recipe.seed + seeds):
        seeded = recipe.model_copy(update={"seed": seed})
        draws.append(_draw(category, chosen(parts, max_train, seed), seeded, backbone, spoilt))
        tell("contaminate", len(draws), seeds)
    return Contamination(
        share=spoilt / taught,
        train_images=taught,
        defects=spoilt,
        clean=fmean(draw.clean for draw in draws),
        contaminated=fmean(draw.contaminated for draw in draws),
        screened=fmean(draw.screened for draw in draws),
        excluded=fmean(draw.excluded for draw in draws),
        excluded_defects=fmean(draw.caught for draw in draws),
    )


def _refuse_too_few(category: Category, spoilt: int) -> None:
    defects = sum(specimen.defect for specimen in category.specimens)
    if defects <= spoilt or defects == len(category.specimens):
        raise EvaluationRefused(
            f"category {category.name} cannot spare {spoilt} of its {defects} defects and still be tested: "
            "lower --contaminate, or give more test pictures"
        )


def _draw(
    category: Category, good: Sequence[GoodPart], recipe: Recipe, backbone: Backbone, spoilt: int
) -> _Draw:
    rng = np.random.default_rng([recipe.seed, spoilt])
    defects = [specimen for specimen in category.specimens if specimen.defect]
    taken = [defects[place] for place in rng.choice(len(defects), spoilt, replace=False)]
    left = replace(category, specimens=tuple(each for each in category.specimens if each not in taken))
    false = [as_part(specimen) for specimen in taken]
    kept = [good[place] for place in sorted(rng.permutation(len(good))[spoilt:])]
    try:
        clean = TaughtParts.of(good, recipe, backbone)
        mixed = TaughtParts.of([*kept, *false], recipe, backbone)
        suspects = screen(
            mixed.features, recipe, [part.part_id or part.sha256 for part in mixed.parts]
        ).suspects
        caught = {mixed.parts[number].sha256 for number in suspects} & {part.sha256 for part in false}
        return _Draw(
            clean=_auroc(left, clean, backbone),
            contaminated=_auroc(left, mixed, backbone),
            screened=_auroc(left, mixed.without(suspects), backbone),
            excluded=len(suspects),
            caught=len(caught),
        )
    except TrainingRefused as refused:
        raise EvaluationRefused(f"category {category.name}: {refused}") from refused


def _auroc(category: Category, taught: TaughtParts, backbone: Backbone) -> float:
    with judging_by(build_taught("evaluation", "evaluation", taught), backbone) as model:
        shown = [(specimen.path, specimen.path.read_bytes) for specimen in category.specimens]
        scores = score_all(model, shown, map_size(category.specimens)).scores
    area = auroc(np.array([specimen.defect for specimen in category.specimens]), scores)
    if area is None:
        raise EvaluationRefused(f"category {category.name} has no two kinds of test pictures to tell apart")
    return area
