"""One category and one seed: parts chosen, a bank built, every test picture judged."""

import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.backbones.base import Backbone
from service.evaluation.categories import Category, Specimen
from service.evaluation.intervals import clopper_pearson
from service.evaluation.judging import Scored, score_all
from service.evaluation.maps import map_size, truth_of
from service.evaluation.refusal import EvaluationRefused
from service.evaluation.remembering import work_clock
from service.evaluation.result import CategoryResult, SeedResult
from service.inspection.extractor import PatchExtractor
from service.inspection.line_model import LineModel
from service.patchcore.metrics import aupro, auroc, average_precision
from service.patchcore.recipe import Recipe
from service.training.build import build_bank
from service.training.built import BuiltBank
from service.training.part import GoodPart
from service.training.refusal import TrainingRefused
from service.training.thresholds import Rates

Progress = Callable[[str, int, int], None]
"""Told of the step (extract, select, score), how much of it is done, and of how much."""


Witness = Callable[[Category, LineModel, NDArray[np.float64]], None]
"""Shown a category, the bank that judged it while it is ready to judge more, and the scores it gave."""


def unheard(step: str, done: int, expected: int) -> None:
    """A ``Progress`` that nobody hears."""


def unwitnessed(category: Category, model: LineModel, scores: NDArray[np.float64]) -> None:
    """A ``Witness`` that remembers nothing."""


def measure_seed(
    category: Category,
    parts: Sequence[GoodPart],
    recipe: Recipe,
    backbone: Backbone,
    seed: int,
    tell: Progress,
    witness: Witness = unwitnessed,
) -> SeedResult:
    """A bank of ``parts`` against the category's test pictures. Blocks: seconds to minutes. Raises
    ``EvaluationRefused`` for parts that make no bank and for pictures that cannot be judged."""
    clock = work_clock(backbone)
    began = clock()
    built = built_bank(category, parts, recipe, backbone, tell)
    fit_seconds = clock() - began
    with judging_by(built, backbone) as model:
        input_size, scored = model.extractor.input_size, _score(model, category, tell)
        witness(category, model, scored.scores)
    return SeedResult(
        seed=seed,
        train_images=len(parts),
        input_size=input_size,
        bank_vectors=built.memory_bank.size,
        alpha=built.thresholds.alpha,
        fit_seconds=fit_seconds,
        score_ms_per_image=1000 * scored.seconds / len(category.specimens),
        # Before the pixels are ranked: what scoring needs, not what measuring it does.
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **_quality(category, scored, built.thresholds.defect_score),
    )


def chosen(parts: Sequence[GoodPart], most: int | None, seed: int) -> list[GoodPart]:
    """At most ``most`` of the parts, drawn without replacement by the seed, in their own order."""
    if most is None or most >= len(parts):
        return list(parts)
    drawn = np.random.default_rng(seed).choice(len(parts), most, replace=False)
    return [parts[number] for number in sorted(drawn)]


def measure_category(
    category: Category,
    parts: Sequence[GoodPart],
    recipe: Recipe,
    backbone: Backbone,
    *,
    max_train: int | None = None,
    seeds: int = 1,
    tell: Callable[[int], Progress],
    witness: Witness = unwitnessed,
) -> CategoryResult:
    """The category over ``seeds`` seeds, from the recipe's own upwards: each draws some of ``parts``, and
    its projection. ``tell`` gives each seed's progress; ``witness`` sees the first. Blocks and raises as
    ``measure_seed``."""
    results = [
        measure_seed(
            category,
            chosen(parts, max_train, seed),
            recipe.model_copy(update={"seed": seed}),
            backbone,
            seed,
            tell(seed),
            witness if seed == recipe.seed else unwitnessed,
        )
        for seed in range(recipe.seed, recipe.seed + seeds)
    ]
    defects = sum(specimen.defect for specimen in category.specimens)
    return CategoryResult.over(
        results,
        name=category.name,
        test_good=len(category.specimens) - defects,
        test_defect=defects,
        map_size=map_size(category.specimens),
    )


def built_bank(
    category: Category,
    parts: Sequence[GoodPart],
    recipe: Recipe,
    backbone: Backbone,
    tell: Progress = unheard,
    rates: Rates | None = None,
) -> BuiltBank:
    """Blocks as ``build_bank``. Raises ``EvaluationRefused`` for parts that make no bank."""
    try:
        return build_bank("evaluation", "evaluation", parts, recipe, backbone, tell, rates=rates)
    except TrainingRefused as refused:
        raise EvaluationRefused(f"category {category.name}: {refused}") from refused


@contextmanager
def judging_by(built: BuiltBank, backbone: Backbone) -> Iterator[LineModel]:
    """The bank, ready to judge; its index is freed at the end."""
    extractor = PatchExtractor(backbone, built.manifest.recipe, built.manifest.contract)
    model = LineModel(built.memory_bank, built.thresholds, extractor)
    try:
        yield model
    finally:
        model.close()


def _score(model: LineModel, category: Category, tell: Progress) -> Scored:
    shown = [(specimen.path, specimen.path.read_bytes) for specimen in category.specimens]
    size = map_size(category.specimens)
    return score_all(model, shown, size, partial(tell, "score"), keep_maps=category.has_masks)


def _quality(category: Category, scored: Scored, threshold: float) -> dict[str, Any]:
    labels = np.array([specimen.defect for specimen in category.specimens])
    return {
        "image_auroc": auroc(labels, scored.scores),
        "average_precision": average_precision(labels, scored.scores),
        **_pixels(category.specimens, scored.maps),
        **_alarms("false_alarm_rate", "false_alarm_interval", scored.scores[~labels] > threshold),
        **_alarms("recall", "recall_interval", scored.scores[labels] > threshold),
    }


def _pixels(specimens: Sequence[Specimen], maps: Sequence[NDArray[np.float32]]) -> dict[str, float | None]:
    if not maps:
        return {"pixel_auroc": None, "aupro": None}
    drawn = np.stack(maps)
    truth = np.stack([truth_of(specimen, drawn.shape[1:]) for specimen in specimens])
    return {"pixel_auroc": auroc(truth, drawn), "aupro": aupro(truth, drawn, 0.3)}


def _alarms(rate: str, interval: str, alarmed: NDArray[np.bool_]) -> dict[str, Any]:
    known = float(alarmed.mean()) if alarmed.size else None
    return {rate: known, interval: clopper_pearson(int(alarmed.sum()), alarmed.size)}
