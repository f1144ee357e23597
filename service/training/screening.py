"""Screening what is called good, before a bank is made of it."""

from collections.abc import Sequence

from service.patchcore.recipe import Recipe
from service.patchcore.screening import Screening
from service.patchcore.screening import screen as screen_arrays
from service.training.features import PartFeatures


def screen(
    features: Sequence[PartFeatures], recipe: Recipe, part_ids: Sequence[str] | None = None
) -> Screening:
    """Each part's features [H, W, D] held against the other parts', see ``patchcore.screening``; pictures
    with one of ``part_ids`` are held out together. Raises ``ValueError`` for fewer than three parts."""
    numbers = None if part_ids is None else [sorted(set(part_ids)).index(name) for name in part_ids]
    return screen_arrays(features, part_of=numbers, seed=recipe.seed)
