"""What a GPU computes is what the CPU computes, whatever is recorded and replayed."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pytest
import torch

from service.backbones.base import recorded_stages
from service.backbones.loading import load_backbone
from service.backbones.precision import Arithmetic
from service.backbones.recorded import filled
from service.images.contract import InputContract
from service.images.picture import Pixels
from service.inspection.extractor import PatchExtractor
from service.patchcore.recipe import Recipe
from tests.cuda.device import DEVICE, on_cuda

LITE = "efficientnet_lite0"
KEPT_HERE = 12
TOLERANCES: Mapping[Arithmetic, float] = {"float32": 1e-4, "float16": 1e-2, "bfloat16": 6e-2}
"""Of a stage's norm."""


def batch(count: int, height: int = 96, width: int = 128) -> torch.Tensor:
    made = np.random.default_rng(count).standard_normal((count, 3, height, width)).astype(np.float32)
    return torch.from_numpy(made)


def off(found: torch.Tensor, wanted: torch.Tensor) -> float:
    return float((found.cpu() - wanted).norm() / wanted.norm())


@pytest.mark.parametrize(("count", "computed"), [(1, 1), (2, 2), (3, 4), (5, 8), (8, 8), (9, 16)])
def test_a_batch_is_filled_up_to_a_power_of_two(count: int, computed: int) -> None:
    assert filled(count) == computed


@pytest.mark.gpu
@on_cuda
@pytest.mark.parametrize("precision", list(TOLERANCES))
def test_features_are_the_cpus_at_every_batch_and_picture_size(precision: Arithmetic) -> None:
    exact = load_backbone(LITE, (8, 16))
    gpu = load_backbone(LITE, (8, 16), device=DEVICE, precision=precision)
    for pixels in (batch(1), batch(3), batch(8), batch(2, 64, 224), batch(3), batch(8)):
        wanted = exact.stages(pixels.numpy())
        for replayed, launched, stage in zip(
            recorded_stages(gpu, pixels), gpu.stages(pixels), wanted, strict=True
        ):
            assert replayed.is_cuda
            assert replayed.shape == stage.shape
            assert off(replayed, stage) <= TOLERANCES[precision]
            assert off(launched, stage) <= TOLERANCES[precision]


@pytest.mark.gpu
@on_cuda
def test_features_outlive_the_next_batch_and_do_not_depend_on_their_neighbours() -> None:
    gpu = load_backbone(LITE, (8, 16), device=DEVICE)
    first = recorded_stages(gpu, batch(3))
    kept = [stage.clone() for stage in first]
    recorded_stages(gpu, batch(4))
    assert all(torch.equal(stage, before) for stage, before in zip(first, kept, strict=True))
    alone = recorded_stages(gpu, batch(3)[1:2])
    assert all(off(one[0], stage[1].cpu()) < 1e-5 for one, stage in zip(alone, kept, strict=True))


@pytest.mark.gpu
@on_cuda
def test_an_input_that_is_on_the_device_already_gives_the_same() -> None:
    gpu = load_backbone("efficientnet_lite0+efficientnet_lite2", (8, 16), device=DEVICE)
    there, sent = (recorded_stages(gpu, pixels) for pixels in (batch(2).to(DEVICE), batch(2)))
    assert all(off(a, b.cpu()) < 1e-5 for a, b in zip(there, sent, strict=True))


@pytest.mark.gpu
@on_cuda
def test_more_shapes_than_are_kept_take_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    # A shape takes most of a second to record.
    monkeypatch.setattr("service.backbones.recorded.KEPT", KEPT_HERE)
    gpu = load_backbone(LITE, (8, 16), device=DEVICE, precision="float16")
    used = []
    for _ in range(3):
        for count in range(KEPT_HERE + 2):
            recorded_stages(gpu, batch(1, 64 + 32 * (count % 4), 64 + 32 * (count // 4)))
        torch.cuda.synchronize()
        used.append(torch.cuda.memory_reserved())
    assert used[2] <= used[1]


@pytest.mark.gpu
@on_cuda
def test_the_sizes_of_a_batch_share_their_room() -> None:
    """Recorded the largest first, as a worker does, the others need little but their own input and output."""
    gpu = load_backbone(LITE, (8, 16), device=DEVICE, precision="float16")
    torch.cuda.empty_cache()
    before = torch.cuda.memory_reserved()
    recorded_stages(gpu, batch(32, 512, 512))
    torch.cuda.empty_cache()
    largest = torch.cuda.memory_reserved() - before
    for count in (16, 8, 4, 2, 1):
        recorded_stages(gpu, batch(count, 512, 512))
    torch.cuda.empty_cache()
    assert torch.cuda.memory_reserved() - before < 1.6 * largest


@pytest.mark.gpu
@on_cuda
def test_values_that_are_no_numbers_come_back_as_such() -> None:
    gpu = load_backbone(LITE, (8, 16), device=DEVICE, precision="float16")
    broken = torch.full((1, 3, 64, 64), float("nan"))
    assert all(stage.isnan().any() for stage in recorded_stages(gpu, broken))


@pytest.mark.gpu
@on_cuda
@pytest.mark.parametrize("margin", [0, 16])
@pytest.mark.parametrize(("depth", "white"), [(8, 255), (16, 4095)])
@pytest.mark.parametrize("channels", ["grey", "colour"])
def test_patches_are_the_cpus_for_every_kind_of_pixels(
    channels: Literal["grey", "colour"], depth: Literal[8, 16], white: Literal[255, 4095], margin: int
) -> None:
    recipe = Recipe(backbone=LITE, crop_margin=margin, grid_stride=16, input_pixels=128 * 160)
    contract = InputContract(channels=channels, depth=depth, white=white, input_height=128, input_width=160)
    here, there = (
        PatchExtractor(load_backbone(LITE, (8, 16), device=device), recipe, contract)
        for device in ("cpu", DEVICE)
    )
    kind, random = (np.uint8 if depth == 8 else np.uint16), np.random.default_rng(0)
    shape = (128, 160) if channels == "grey" else (128, 160, 3)
    for count in (3, 1, 4, 3):
        views: list[Pixels] = [random.integers(0, white, shape, kind, endpoint=True) for _ in range(count)]
        wanted = torch.from_numpy(here.extract_views(views))
        assert off(torch.from_numpy(there.extract_views(views)), wanted) <= TOLERANCES["float32"]


@pytest.mark.gpu
@on_cuda
def test_what_a_recording_reads_outlives_the_bank_that_it_was_made_for() -> None:
    gpu = load_backbone(LITE, (8, 16), device=DEVICE)
    recipe = Recipe(backbone=LITE, grid_stride=16, input_pixels=128 * 160)
    contract = InputContract(channels="grey", depth=8, input_height=128, input_width=160)
    views: list[Pixels] = [np.random.default_rng(0).integers(0, 255, (128, 160), np.uint8)]
    first = PatchExtractor(gpu, recipe, contract)
    wanted = first.extract_views(views)
    del first
    # They would take the place of what was let go.
    broken = [torch.full((3, 1, 1), float("nan"), device=DEVICE) for _ in range(500)]
    found = PatchExtractor(gpu, recipe, contract).extract_views(views)
    np.testing.assert_array_equal(found, wanted)
    assert len(broken) == 500
