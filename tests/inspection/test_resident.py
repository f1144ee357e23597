"""Features that stay on their device are judged as others are. By its full name a CPU counts as a device."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from service.backbones.base import Batch
from service.backbones.refusal import NonFiniteFeatures
from service.banks.bank_file import read_bank
from service.images.interest import Interest
from service.images.picture import Pixels
from service.images.resize import to_batch
from service.inspection.device_input import device_input
from service.inspection.extractor import PatchExtractor
from service.inspection.judgement import Judgement
from service.inspection.line_model import LineModel
from service.inspection.together import judge_together
from service.patchcore.device_index import DeviceIndex
from service.patchcore.recipe import Recipe
from service.training.build import build_bank
from tests.inspection.lines import picture
from tests.parts import DEFECTS, draw_part
from tests.training.parts import QUICK, QuickNetwork, good_parts

DEVICE = "cpu:0"
MASK = {"ignore": [[[0, 0], [40, 0], [40, 40], [0, 40]]]}
RECIPES = {
    "early": QUICK,
    "late": QUICK.model_copy(update={"fusion": "late", "score": "max-minus-half-quartile"}),
    "white": QUICK.model_copy(update={"whiten": True, "fusion": "late"}),
    "cropped": QUICK.model_copy(update={"crop_margin": 16}),
}


class Elsewhere(QuickNetwork):
    """What it computes does not come back by itself."""

    device = DEVICE


def models(recipe: Recipe, **mask: Any) -> tuple[LineModel, LineModel]:
    """The same bank, served by a CPU and by a device."""
    interest = Interest.read(None, json.dumps(mask).encode() if mask else None)
    built = build_bank("line1", "default", good_parts(8), recipe, QuickNetwork(), interest=interest)
    loaded = read_bank(built.data)
    here, there = (
        LineModel(
            loaded.memory_bank, built.thresholds, PatchExtractor(network, recipe, loaded.manifest.contract)
        )
        for network in (QuickNetwork(), Elsewhere())
    )
    return here, there


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", RECIPES)
def test_a_device_judges_as_a_cpu_does(name: str, masked: bool) -> None:
    here, there = models(RECIPES[name], **(MASK if masked else {}))
    assert there.index.name.endswith("device")
    pictures = [picture(draw_part(50 + seed, kind, (160, 160))) for seed, kind in enumerate((None, *DEFECTS))]
    for ours, theirs in zip(
        judge_together([(here, each) for each in pictures]),
        judge_together([(there, each) for each in pictures]),
        strict=True,
    ):
        assert isinstance(ours, Judgement)
        assert isinstance(theirs, Judgement)
        assert theirs.verdict is ours.verdict
        np.testing.assert_allclose(theirs.patch_scores, ours.patch_scores, rtol=1e-4, atol=1e-5)
        assert [near.vector for near in theirs.nearest] == [near.vector for near in ours.nearest]


def test_lines_that_share_a_batch_get_their_own_judgements_in_order() -> None:
    first, second = models(RECIPES["early"])[1], models(RECIPES["early"], **MASK)[1]
    pictures = [picture(draw_part(70 + seed, "spot", (160, 160))) for seed in range(5)]
    pairs = [(first if number % 2 else second, each) for number, each in enumerate(pictures)]
    for (model, one), outcome in zip(pairs, judge_together(pairs), strict=True):
        assert isinstance(outcome, Judgement)
        np.testing.assert_allclose(outcome.score, model.judge(one).score, rtol=1e-3)


class Overflowing(Elsewhere):
    """One value of one picture is more than half precision holds."""

    precision = "float16"

    def __init__(self, value: float) -> None:
        self.value = value

    def stages(self, batch: Batch) -> list[torch.Tensor]:
        first, *others = super().stages(batch)
        first[-1, 3, 2, 2] = self.value
        return [first, *others]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", RECIPES)
def test_what_a_device_could_not_hold_is_told_once_it_comes_back(name: str, value: float) -> None:
    good = models(RECIPES[name])[1]
    extractor = PatchExtractor(Overflowing(value), good.extractor.recipe, good.extractor.contract)
    model, pictures = (
        LineModel(good.bank, good.thresholds, extractor),
        [picture(draw_part(1, size=(160, 160)))],
    )
    told = r"quick .* in float16: set PATCHLINE_ENGINE__PRECISION=float32"
    with pytest.raises(NonFiniteFeatures, match=told):
        extractor.extract(pictures)
    with pytest.raises(NonFiniteFeatures, match=told):
        judge_together([(model, each) for each in pictures])


def views(dtype: type[np.generic], *shape: int) -> list[Pixels]:
    top = 255 if dtype is np.uint8 else 65535
    return list(np.random.default_rng(0).integers(0, top, (3, *shape), endpoint=True).astype(dtype))


@pytest.mark.parametrize("shape", [(64, 96), (64, 96, 3)])
@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 4095), (np.uint16, 65535)])
def test_the_input_made_on_a_device_is_the_cpus_to_the_bit(
    dtype: type[np.generic], white: int, shape: tuple[int, ...]
) -> None:
    given, mean, std = views(dtype, *shape), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    made = device_input(given, DEVICE, white=white, mean=mean, std=std)
    wanted = to_batch(given, (64, 96), white=white, mean=mean, std=std)
    assert np.array_equal(made.numpy(), wanted)


def test_a_grey_batch_may_hold_one_channel_and_three_equal_ones() -> None:
    grey = views(np.uint8, 64, 96)
    mixed: list[Pixels] = [grey[0], np.asarray(np.repeat(grey[1][..., None], 3, axis=2), np.uint8), grey[2]]
    wanted, made = (
        device_input(each, DEVICE, white=255, mean=(0.5,) * 3, std=(0.5,) * 3) for each in (grey, mixed)
    )
    assert np.array_equal(made.numpy(), wanted.numpy())


def test_no_pictures_are_no_input() -> None:
    with pytest.raises(ValueError, match="no pictures"):
        device_input([], DEVICE, white=255, mean=(0.5,) * 3, std=(0.5,) * 3)


def test_a_devices_index_is_searched_by_what_lies_there() -> None:
    _, there = models(RECIPES["early"])
    assert isinstance(there.index, DeviceIndex)
    there.close()
    with pytest.raises(RuntimeError, match="closed"):
        there.judge(picture(draw_part(50, size=(160, 160))))
