"""``--recipe``, ``--set`` and ``--budget-ms``: which recipe a command works by."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.images.picture import PictureForm
    from service.patchcore import Recipe
    from service.settings import Settings

RecipeName = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        metavar="NAME",
        help="balanced (default), fast, accurate, paper, plain, or a .json file of options.",
    ),
]
RecipeSettings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="OPTION=VALUE", help="Change one option of the recipe; may be repeated."),
]
BudgetMs = Annotated[
    float | None,
    typer.Option(
        metavar="MS", min=0.1, help="Measure this machine, and look as closely as MS a frame allow."
    ),
]


@dataclass(frozen=True, slots=True)
class RecipeChoice:
    """What was asked for on the command line."""

    name: str | None = None
    settings: tuple[str, ...] = ()
    budget_ms: float | None = None

    @classmethod
    def of(cls, name: str | None, settings: list[str] | None, budget_ms: float | None) -> "RecipeChoice":
        """From the options as typer gives them."""
        return cls(name, tuple(settings or ()), budget_ms)

    def recipe(self) -> "Recipe":
        """The recipe, before any budget. Raises ``ValueError`` in one sentence: exit code 2."""
        from service.patchcore.recipe_options import with_options

        return with_options(_named(self.name), self.settings)


def recipe_within(
    choice: RecipeChoice, recipe: "Recipe", settings: "Settings", forms: "Sequence[PictureForm]"
) -> "Recipe":
    """``recipe``, fitted to the choice's budget for good parts of these forms on this machine, if there is
    one; says what was chosen. Blocks for up to a minute. Raises ``ValueError`` when nothing fits."""
    if choice.budget_ms is None:
        return recipe
    from service.evaluation.budget import Sight, fit_budget
    from workers.cli.device import ready_backbone
    from workers.cli.progress import spinner
    from workers.cli.screen import note
    from workers.extraction.engine import share_threads

    backbone = ready_backbone(settings, recipe)
    with spinner("Measuring this machine"):
        # As many as an inspector's worker has, which leaves a core to the consumer.
        share_threads(settings.engine.threads, os.cpu_count() or 1)
        chosen = fit_budget(recipe, backbone, Sight.of(forms), choice.budget_ms)
    note(chosen.sentence)
    return chosen.recipe


def _named(name: str | None) -> "Recipe":
    from service.patchcore.recipe_options import recipe_from_json
    from service.patchcore.recipes import DEFAULT, recipe_named
    from workers.cli.failures import Refused

    if name is None:
        return DEFAULT
    if not name.endswith(".json"):
        return recipe_named(name)
    try:
        return recipe_from_json(Path(name).read_text("utf-8"), Path(name).stem)
    except UnicodeDecodeError as error:
        raise Refused(f"the recipe {name} is no text: write one JSON object of options") from error
    except OSError as error:
        raise Refused(f"the recipe {name} cannot be read ({error.strerror}): check the path") from error
