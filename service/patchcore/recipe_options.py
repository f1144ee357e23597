"""The options of a recipe, each by itself: what it means, and how a person or a file sets it."""

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from service.patchcore.recipe import Recipe

MEANINGS: Mapping[str, str] = {
    "name": "what people call the recipe; a named recipe of which something was changed gets a * behind it",
    "backbone": "the network, by timm's name; several joined by + see the same picture",
    "stages": "the strides of the network's feature stages that are used, finest first",
    "patch_mean": "the side of the neighbourhood mean in cells of a stage: one for all or one for each",
    "pooling": "`paper` pools as the authors' code does, for networks whose second stage is twice as deep",
    "fusion": "`early` joins the stages to one vector, `late` adds the distances of each",
    "grid_stride": "pixels of the network's input for each patch: half as many, four times the search",
    "input_pixels": "the area of the network's input; small pictures are never enlarged to it",
    "looks": "how often a picture is looked at, turned and mirrored, where `input_pixels` leaves room",
    "keep_aspect": "whether the picture keeps its shape; `false` makes it square",
    "crop_margin": "pixels of the input that are cut off at every side before the network",
    "coreset_share": "the share of the good parts' patches that the bank keeps, within the two bounds",
    "min_vectors": "the fewest patches that a bank keeps, where there are so many",
    "max_vectors": "the most patches that a bank keeps",
    "projection_dim": "dimensions of the random projection in which patches are selected",
    "whiten": "whether every direction of the good patches' spread counts alike",
    "whiten_ridge": "how much of the mean spread is added to each before whitening",
    "score": "a patch's score is its distance, or that less half the picture's median or lower quartile",
    "smooth_sigma": "smoothing of drawn maps, in pixels of a picture of 65,536 pixels",
    "seed": "of the projection",
}
"""One meaning for every field of ``Recipe``."""


def with_options(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """``recipe`` with each ``option=value`` of ``settings`` put in; a changed recipe's name ends in ``*``.

    A value is written as in JSON; text needs no quotes and several numbers no brackets. Raises ValueError in
    one sentence: no ``=``, a misspelt option (naming the nearest), or a value that cannot work.
    """
    changes = dict(map(_pair, settings))
    changed = _checked({**recipe.model_dump(), **changes})
    return changed if "name" in changes else renamed(changed, recipe)


def renamed(changed: Recipe, original: Recipe) -> Recipe:
    """``changed`` under the original's name, with a ``*`` behind it unless nothing was changed: a bank of
    ``balanced`` is one of the recipe that everybody has."""
    if changed.model_copy(update={"name": original.name}) == original:
        return original
    return changed.model_copy(update={"name": f"{original.name.removesuffix('*')[:63]}*"})


def recipe_from_json(text: str, name: str) -> Recipe:
    """The recipe that a JSON object states; what it leaves out is as in plain PatchCore, and its name is
    ``name``. Raises ValueError in one sentence, as ``with_options`` does."""
    try:
        stated = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the recipe {name} is no JSON ({error}): write one object of options") from error
    if not isinstance(stated, dict):
        raise ValueError(f"the recipe {name} is no JSON object: write its options as {{...}}")
    for option in stated:
        _known(option)
    return _checked({"name": name[:64], **stated})


def _pair(setting: str) -> tuple[str, Any]:
    option, equals, text = (piece.strip() for piece in setting.partition("="))
    if not equals:
        raise ValueError(f"{setting!r} sets no option of a recipe: write option=value, such as whiten=true")
    several = isinstance(Recipe.model_fields[_known(option)].default, tuple)
    return option, _value(f"[{text}]" if several and not text.startswith("[") else text)


def _known(option: str) -> str:
    if option in Recipe.model_fields:
        return option
    near = difflib.get_close_matches(option, Recipe.model_fields, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(Recipe.model_fields)}"
    raise ValueError(f"{option!r} is no option of a recipe: {hint}")


def _value(text: str) -> Any:
    for written in (text, f"[{text}]"):
        try:
            return json.loads(written)
        except ValueError:
            continue
    return text


def _checked(values: Mapping[str, Any]) -> Recipe:
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        reason = first["msg"].removeprefix("Value error, ")
        # Ours name the option themselves; a list is no tuple to pydantic's words.
        ours = first["type"] == "value_error"
        place = "" if ours or not first["loc"] else f"the recipe's {first['loc'][0]} is refused: "
        raise ValueError(f"{place}{reason}") from error
