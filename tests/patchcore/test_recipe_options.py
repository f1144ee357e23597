import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.patchcore.recipe import Recipe
from service.patchcore.recipe_options import MEANINGS, recipe_from_json, renamed, with_options
from service.patchcore.recipes import BALANCED, RECIPES


def test_every_option_says_its_meaning() -> None:
    assert set(MEANINGS) == set(Recipe.model_fields)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_every_option_of_every_recipe_can_be_set_by_itself(recipe: Recipe) -> None:
    for option, value in recipe.model_dump(mode="json").items():
        text = value if isinstance(value, str) else json.dumps(value)
        assert with_options(recipe, [f"{option}={text}"]) == recipe


@pytest.mark.parametrize(
    ("setting", "option", "value"),
    [
        ("patch_mean=1,5", "patch_mean", (1, 5)),
        ("patch_mean=[1, 5]", "patch_mean", (1, 5)),
        ("patch_mean=5", "patch_mean", 5),
        ("whiten = false", "whiten", False),
        ("score=max", "score", "max"),
        ("backbone=resnet18", "backbone", "resnet18"),
        ("whiten_ridge=1e-2", "whiten_ridge", 0.01),
    ],
)
def test_a_value_is_written_as_people_write_it(setting: str, option: str, value: object) -> None:
    changed = with_options(BALANCED, [setting])
    assert getattr(changed, option) == value
    assert changed.name == "balanced*"


def test_a_single_stage_needs_no_brackets() -> None:
    assert with_options(BALANCED, ["stages=16", "patch_mean=3"]).stages == (16,)


def test_options_are_checked_together_and_not_one_by_one() -> None:
    assert with_options(BALANCED, ["max_vectors=50", "min_vectors=10"]).max_vectors == 50


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("max_vektors=3", "'max_vektors' is no option of a recipe: did you mean max_vectors?"),
        ("grid=8", "'grid' is no option of a recipe: did you mean grid_stride?"),
        ("zzz=8", "'zzz' is no option of a recipe: choose from name, backbone, "),
        ("whiten", "'whiten' sets no option of a recipe: write option=value, such as whiten=true"),
        (
            "score=mx",
            "the recipe's score is refused: Input should be 'max', 'max-minus-half",
        ),
        ("patch_mean=2", "patch_mean 2 has no centre cell: give an odd number, 1 for no mean"),
        ("max_vectors=50", "min_vectors 100 is above max_vectors 50: lower the first"),
        ("smooth_sigma=NaN", "the recipe's smooth_sigma is refused: "),
    ],
)
def test_what_cannot_be_set_is_refused_in_one_sentence(setting: str, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared
        with_options(BALANCED, [setting])
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_a_changed_recipe_does_not_go_by_the_name_of_what_everybody_has() -> None:
    assert renamed(BALANCED, BALANCED).name == "balanced"
    once = with_options(BALANCED, ["seed=1"])
    assert (once.name, with_options(once, ["seed=2"]).name) == ("balanced*", "balanced*")
    assert with_options(BALANCED, ["seed=1", "name=mine"]).name == "mine"
    long = BALANCED.model_copy(update={"name": "x" * 64})
    assert len(with_options(long, ["seed=1"]).name) == 64


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_setting_raises_anything_but_a_sentence(option: str, value: str) -> None:
    for setting in (f"{option}={value}", f"score={value}", f"max_vectors={value}", f"stages={value}"):
        with contextlib.suppress(ValueError):
            changed = with_options(BALANCED, [setting])
            assert Recipe.model_validate_json(changed.model_dump_json()) == changed


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_a_recipe_file_is_what_evaluate_prints(recipe: Recipe) -> None:
    assert recipe_from_json(recipe.model_dump_json(), "file") == recipe


def test_a_recipe_file_may_leave_options_out_and_is_called_by_its_name() -> None:
    assert recipe_from_json('{"whiten": true}', "mine") == Recipe(name="mine", whiten=True)


@pytest.mark.parametrize("text", ["", "[]", "{", "3", "[" * 100_000, '{"whitten": 1}', '{"score": 3}'])
def test_a_file_that_is_no_recipe_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"recipe"):
        recipe_from_json(text, "mine")
