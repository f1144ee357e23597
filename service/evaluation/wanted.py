"""What is to be measured of each category, and all of it measured."""

from collections.abc import Callable
from dataclasses import dataclass

from service.backbones.base import Backbone
from service.evaluation.categories import Category
from service.evaluation.contamination import measure_contamination
from service.evaluation.curve import measure_curve
from service.evaluation.false_alarms import measure_false_alarms
from service.evaluation.measure import Progress, Witness, measure_category, unwitnessed
from service.evaluation.remembering import RememberingBackbone
from service.evaluation.result import CategoryResult
from service.patchcore.recipe import Recipe
from service.training.gathering import FEWEST

Tell = Callable[[str], Progress]
"""Gives the progress of one thing that is measured, by what people call it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """``max_train`` good parts at most; over ``seeds`` draws; a learning ``curve`` at these numbers of parts;
    false alarms over so many ``splits``; a ``contaminated`` share of the parts. Empty, 0: not measured.
    Raises ValueError for what cannot be."""

    max_train: int | None = None
    seeds: int = 1
    curve: tuple[int, ...] = ()
    splits: int = 0
    contaminated: float = 0.0

    def __post_init__(self) -> None:
        if few := [count for count in self.curve if count < FEWEST]:
            raise ValueError(
                f"a curve at {few[0]} parts cannot be measured: no bank is made of fewer than {FEWEST}"
            )
        if not 0 <= self.contaminated < 0.5:
            raise ValueError(
                f"a share of {self.contaminated:g} defects among the parts is none: give less than half"
            )

    @property
    def many_banks(self) -> bool:
        """Whether pictures are looked at more than once."""
        return self.seeds > 1 or bool(self.curve or self.splits or self.contaminated)


def measure(
    category: Category,
    recipe: Recipe,
    backbone: Backbone,
    wanted: Wanted,
    tell: Tell,
    witness: Witness = unwitnessed,
) -> CategoryResult:
    """All that is wanted of one category; ``witness`` sees the first seed judged. Blocks: minutes to an
    hour. Raises ``EvaluationRefused``."""
    parts = category.parts()
    eyes = RememberingBackbone(backbone) if wanted.many_banks else backbone
    most, seeds = wanted.max_train, wanted.seeds
    result = measure_category(
        category,
        parts,
        recipe,
        eyes,
        max_train=most,
        seeds=seeds,
        tell=lambda seed: tell(f"seed {seed}"),
        witness=witness,
    )
    curve = measure_curve(category, parts, recipe, eyes, wanted.curve, seeds, tell("curve"))
    if wanted.splits:
        alarms = measure_false_alarms(
            category, parts, recipe, eyes, wanted.splits, max_train=most, tell=tell("false alarms")
        )
        result = result.model_copy(update={"false_alarms": alarms})
    if wanted.contaminated:
        mixed = measure_contamination(
            category,
            parts,
            recipe,
            eyes,
            wanted.contaminated,
            max_train=most,
            seeds=seeds,
            tell=tell("contaminated"),
        )
        result = result.model_copy(update={"contamination": mixed})
    return result.model_copy(update={"curve": curve or None})
