import math

import pytest

from service.patchcore.recipe import Recipe, input_size
from service.patchcore.recipes import PAPER, RECIPES, recipe_named

NAMES = ["balanced", "fast", "accurate", "paper", "plain"]


def test_every_recipe_is_found_by_its_name() -> None:
    assert list(RECIPES) == NAMES
    assert [recipe_named(name).name for name in NAMES] == NAMES


def test_another_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="'balnced': choose from balanced, fast, accurate, paper, plain"):
        recipe_named("balnced")


@pytest.mark.parametrize("name", NAMES)
def test_a_named_recipe_survives_json(name: str) -> None:
    recipe = recipe_named(name)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize("name", ["balanced", "fast", "accurate"])
def test_only_the_paper_stretches_a_picture(name: str) -> None:
    height, width = input_size(recipe_named(name), 1920, 1080)
    assert width / height == pytest.approx(1920 / 1080, rel=0.1)


def test_the_papers_bank_is_a_tenth_of_what_its_network_saw() -> None:
    assert input_size(PAPER, 900, 900) == (256, 256)
    assert PAPER.keep(117 * 32 * 32) == math.ceil(0.1 * 117 * 28 * 28)
