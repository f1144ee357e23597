"""Looking at small pictures more than once: what a look is, and when there is room for it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from service.backbones.loading import load_backbone
from service.banks.bank_file import read_bank
from service.banks.refusal import BankRefused
from service.images.contract import InputContract
from service.inspection.extractor import PatchExtractor
from service.inspection.looks import AXES, looked_at
from service.patchcore.recipe import Recipe, input_size, looks_at
from service.patchcore.recipes import ACCURATE, BALANCED, FAST
from service.training.build import build_bank
from service.training.built import BuiltBank
from service.training.features import contract_hash
from service.training.part import GoodPart
from service.training.thresholds import Rates
from tests.inspection.lines import picture
from tests.parts import draw_part, encode_png

SIDES = st.integers(2, 40).map(lambda cells: 32 * cells)
TWO = BALANCED.model_copy(update={"backbone": "efficientnet_lite0", "looks": 2})


@given(height=SIDES, width=SIDES, looks=st.sampled_from([1, 2, 4]), recipe=st.sampled_from([BALANCED, FAST]))
def test_a_picture_has_as_many_looks_as_the_inputs_pixels_have_room_for(
    height: int, width: int, looks: int, recipe: Recipe
) -> None:
    wished = recipe.model_copy(update={"looks": looks})
    found = looks_at(wished, height, width)
    assert found in (1, 2, 4)
    assert found <= looks
    assert found == 1 or found * height * width <= wished.input_pixels
    assert found == looks or 2 * found * height * width > wished.input_pixels


def test_small_pictures_are_looked_at_more_often_and_large_ones_once() -> None:
    told = {
        side: [looks_at(recipe, *input_size(recipe, side, side)) for recipe in (FAST, BALANCED, ACCURATE)]
        for side in (200, 300, 500, 1000)
    }
    assert told == {200: [2, 4, 4], 300: [1, 2, 4], 500: [1, 1, 2], 1000: [1, 1, 1]}


@pytest.mark.parametrize("axes", AXES[1:])
def test_a_picture_that_is_turned_is_seen_the_same_the_looks_changed_over(axes: tuple[int, ...]) -> None:
    backbone = load_backbone("efficientnet_lite0", (8, 16))
    pixels = np.random.default_rng(0).standard_normal((2, 3, 96, 64)).astype(np.float32)
    straight = looked_at(backbone, pixels, 4)
    turned = looked_at(backbone, np.flip(pixels, axes).copy(), 4)
    for look in range(4):
        # Each look is its own way back: the two ways of turning together are one of the four.
        other = AXES.index(next(a for a in AXES if set(a) == set(AXES[look]) ^ set(axes)))
        for stage in range(2):
            there, here = turned[2 * look + stage].flip(axes), straight[2 * other + stage]
            torch.testing.assert_close(there, here, rtol=1e-4, atol=1e-4)


def test_each_look_is_a_level_of_its_own_and_the_first_is_the_picture_as_it_is() -> None:
    shown = [picture(draw_part(seed, size=(160, 128))) for seed in range(2)]
    contract = InputContract.learn([each.form() for each in shown], TWO)
    backbone = load_backbone(TWO.backbone, TWO.stages)
    twice = PatchExtractor(backbone, TWO, contract)
    once = PatchExtractor(backbone, TWO.model_copy(update={"looks": 1}), contract)
    assert (twice.levels, once.levels) == (2 * backbone.channels, backbone.channels)
    features, first = twice.extract(shown), once.extract(shown)
    assert features.shape == (*first.shape[:3], 2 * first.shape[3])
    assert np.array_equal(features[..., : first.shape[3]], first)
    assert twice.companions != once.companions


def test_features_of_more_looks_go_by_another_name_and_those_of_one_by_the_name_they_had() -> None:
    small, large = (
        InputContract(channels="grey", depth=8, input_height=side, input_width=side) for side in (256, 512)
    )
    once = BALANCED.model_copy(update={"looks": 1})
    assert contract_hash(BALANCED, small, "ab") != contract_hash(once, small, "ab")
    assert contract_hash(BALANCED, large, "ab") == contract_hash(once, large, "ab")


def test_the_authors_embedding_is_of_one_look() -> None:
    with pytest.raises(ValidationError, match="pooling paper joins the two stages of one look"):
        Recipe(pooling="paper", looks=2)


def test_two_looks_answer_where_a_thing_is_and_one_where_the_network_does() -> None:
    forms = [picture(draw_part(0, size=(160, 128))).form()]
    shift = (10.0, -3.0)
    assert InputContract.learn(forms, TWO, response_shift=shift).response_shift == (0.0, 0.0)
    once = TWO.model_copy(update={"looks": 1})
    assert InputContract.learn(forms, once, response_shift=shift).response_shift == shift


def test_a_bank_of_other_looks_than_its_recipe_has_is_refused() -> None:
    parts = [GoodPart.of(f"{n}.png", encode_png(draw_part(n, size=(160, 128)))) for n in range(5)]
    once = TWO.model_copy(update={"looks": 1, "max_vectors": 200})
    built = build_bank("line1", "default", parts, once, load_backbone(TWO.backbone, TWO.stages))
    read_bank(built.data)
    twice = once.model_copy(update={"looks": 2})
    bank, manifest = (
        replace(built.memory_bank, recipe=twice),
        built.manifest.model_copy(update={"recipe": twice}),
    )
    with pytest.raises(BankRefused, match="It has"):
        read_bank(BuiltBank.of(bank, manifest, built.features, Rates(), built.golden).data)


def test_a_recipe_that_says_nothing_of_looks_has_one() -> None:
    said = {name: value for name, value in BALANCED.model_dump(mode="json").items() if name != "looks"}
    assert Recipe.model_validate(said).looks == 1
