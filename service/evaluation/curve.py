"""The learning curve: what a line gains by more good parts."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import stdev

from service.backbones.base import Backbone
from service.evaluation.categories import Category
from service.evaluation.measure import Progress, chosen, measure_seed, unheard
from service.evaluation.result import CurvePoint, means
from service.patchcore.recipe import Recipe
from service.training.part import GoodPart


def measure_curve(
    category: Category,
    parts: Sequence[GoodPart],
    recipe: Recipe,
    backbone: Backbone,
    counts: Sequence[int],
    seeds: int = 1,
    tell: Progress = unheard,
) -> tuple[CurvePoint, ...]:
    """A point for each of ``counts`` good parts, over as many draws as there are seeds; counts above the
    number of parts are left out. Pixels are not measured. Blocks and raises as ``measure_seed``."""
    unmasked = replace(category, specimens=tuple(replace(each, mask=None) for each in category.specimens))
    wanted = [count for count in sorted(set(counts)) if count <= len(parts)]
    return tuple(_point(unmasked, parts, recipe, backbone, count, seeds, tell) for count in wanted)


def _point(
    category: Category,
    parts: Sequence[GoodPart],
    recipe: Recipe,
    backbone: Backbone,
    count: int,
    seeds: int,
    tell: Progress,
) -> CurvePoint:
    results = [
        measure_seed(
            category,
            chosen(parts, count, seed),
            recipe.model_copy(update={"seed": seed}),
            backbone,
            seed,
            tell,
        )
        for seed in range(recipe.seed, recipe.seed + seeds)
    ]
    mean = means(results)
    aurocs = [result.image_auroc for result in results if result.image_auroc is not None]
    return CurvePoint(
        train_images=count,
        image_auroc=mean["image_auroc"],
        spread=stdev(aurocs) if len(aurocs) > 1 else None,
        average_precision=mean["average_precision"],
        false_alarm_rate=mean["false_alarm_rate"],
        recall=mean["recall"],
    )
