"""Features that stay on their device are judged as others are. By its full name a CPU counts as a device."""

import json
from collections.abc import Hashable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from service.backbones.base import Batch
from service.backbones.recorded import Computation
from service.backbones.refusal import NonFiniteFeatures
from service.banks.bank_file import read_bank
from service.images.contract import InputContract
from service.images.interest import Interest
from service.images.picture import Pixels
from service.images.resize import to_batch
from service.inspection.device_extractor import DeviceExtractor
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


class Looking(Elsewhere):
    """Keeps what it was given to look at."""

    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

    def __init__(self) -> None:
        self.seen = torch.empty(0)

    def stages(self, batch: Batch) -> list[torch.Tensor]:
        self.seen = torch.as_tensor(batch).clone()
        return super().stages(batch)


def seen(given: list[Pixels], recipe: Recipe = QUICK, **kind: Any) -> NDArray[np.float32]:
    network = Looking()
    contract = InputContract(
        **{"channels": "grey", "depth": 8, "input_height": 64, "input_width": 96, **kind}
    )
    DeviceExtractor(network, recipe, contract, "one").embedded(given)
    made: NDArray[np.float32] = network.seen.numpy()
    return made


@pytest.mark.parametrize(("shape", "channels"), [((64, 96), "grey"), ((64, 96, 3), "colour")])
@pytest.mark.parametrize(
    ("dtype", "depth", "white"), [(np.uint8, 8, 255), (np.uint16, 16, 4095), (np.uint16, 16, 65535)]
)
def test_the_input_made_on_a_device_is_the_cpus_to_the_bit(
    dtype: type[np.generic], depth: int, white: int, shape: tuple[int, ...], channels: str
) -> None:
    given = views(dtype, *shape)
    wanted = to_batch(given, (64, 96), white=white, mean=Looking.mean, std=Looking.std)
    made = seen(given, depth=depth, white=white, channels=channels)
    assert np.array_equal(made, wanted)
    cut = seen(given, RECIPES["cropped"], depth=depth, white=white, channels=channels)
    assert np.array_equal(cut, wanted[:, :, 16:-16, 16:-16])


def test_a_grey_batch_may_hold_one_channel_and_three_equal_ones() -> None:
    grey = views(np.uint8, 64, 96)
    in_three = np.asarray(np.repeat(grey[1][..., None], 3, axis=2), np.uint8)
    several: list[list[Pixels]] = [[grey[0], in_three, grey[2]], [in_three] * 3]
    for mixed in several:
        one = [each if each.ndim == 2 else grey[1] for each in mixed]
        assert np.array_equal(seen(mixed), seen(one))


def test_no_pictures_are_no_input() -> None:
    with pytest.raises(ValueError, match="no pictures"):
        seen([])


class Replaying(Elsewhere):
    """Tells under which names it would have been recorded."""

    def __init__(self) -> None:
        self.names: list[Any] = []
        self.recordings: Any = self

    def replay(self, name: Any, compute: Computation, batch: torch.Tensor) -> list[torch.Tensor]:
        self.names.append(name)
        return list(compute(batch))


KIND: dict[str, Any] = {"channels": "colour", "depth": 8, "input_height": 64, "input_width": 96}


def companions(recipe: Recipe, kind: dict[str, Any]) -> Hashable:
    return PatchExtractor(NETWORK, recipe, InputContract(**kind)).companions


NETWORK = Replaying()


def test_the_next_bank_of_a_line_and_the_lines_beside_it_share_recordings() -> None:
    another = QUICK.model_copy(update={"name": "other", "whiten": True, "seed": 5, "coreset_share": 0.5})
    wide = {**KIND, "width": 640, "height": 480, "response_shift": (1.0, 2.0)}
    assert companions(QUICK, KIND) == companions(another, wide)
    for recipe, kind in ((QUICK, KIND), (another, wide)):
        extractor = PatchExtractor(NETWORK, recipe, InputContract(**kind))
        extractor.extract_views([np.zeros((64, 96, 3), np.uint8)])
        assert NETWORK.names.pop() == extractor.companions


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [
        ({"patch_mean": 5}, {}),
        ({"grid_stride": 16}, {}),
        ({"crop_margin": 16}, {}),
        ({}, {"channels": "grey"}),
        ({}, {"depth": 16}),
        ({"pooling": "paper"}, {}),
        ({}, {"white": 1023}),
        ({}, {"input_height": 96}),
        ({}, {"input_width": 64}),
    ],
)
def test_what_computes_otherwise_is_recorded_apart(recipe: dict[str, Any], kind: dict[str, Any]) -> None:
    assert companions(QUICK, KIND) != companions(QUICK.model_copy(update=recipe), {**KIND, **kind})


class Counting(Elsewhere):
    def __init__(self, device: str) -> None:
        self.device, self.passes = device, 0

    def stages(self, batch: Batch) -> list[torch.Tensor]:
        self.passes += 1
        return super().stages(batch)


@pytest.mark.parametrize("device", ["cpu", DEVICE])
def test_companions_are_looked_at_in_one_pass_and_others_apart(device: str) -> None:
    network, plain = Counting(device), models(RECIPES["early"])[0]
    recipe, contract = plain.extractor.recipe, plain.extractor.contract
    brighter = contract.model_copy(update={"white": 1023})
    first, second, other = (
        LineModel(plain.bank, plain.thresholds, PatchExtractor(network, recipe, each))
        for each in (contract, contract, brighter)
    )
    pictures = [picture(draw_part(70 + seed, "spot", (160, 160))) for seed in range(4)]
    judge_together(list(zip((first, second, first, second), pictures, strict=True)))
    assert network.passes == 1
    judge_together(list(zip((first, other, first, other), pictures, strict=True)))
    assert network.passes == 3


def test_a_devices_index_is_searched_by_what_lies_there() -> None:
    _, there = models(RECIPES["early"])
    assert isinstance(there.index, DeviceIndex)
    there.close()
    with pytest.raises(RuntimeError, match="closed"):
        there.judge(picture(draw_part(50, size=(160, 160))))
