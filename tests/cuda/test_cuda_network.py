"""What a GPU computes is what the CPU computes, whatever is recorded and replayed."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from service.backbones.cuda_network import CudaNetwork, filled
from service.backbones.loading import load_backbone
from service.backbones.network import Network
from service.backbones.precision import Arithmetic
from tests.cuda.device import DEVICE, on_cuda

LITE = "efficientnet_lite0"
TOLERANCES: Mapping[Arithmetic, float] = {"float32": 1e-4, "float16": 1e-2, "bfloat16": 6e-2}
"""Of a stage's norm."""


def batch(count: int, height: int = 96, width: int = 128) -> NDArray[np.float32]:
    return np.random.default_rng(count).standard_normal((count, 3, height, width)).astype(np.float32)


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
    assert isinstance(gpu, Network)
    assert isinstance(gpu.forward, CudaNetwork)
    for pixels in (batch(1), batch(3), batch(8), batch(2, 64, 224), batch(3)):
        for found, wanted in zip(gpu.stages(pixels), exact.stages(pixels), strict=True):
            assert found.is_cuda
            assert found.shape == wanted.shape
            assert off(found, wanted) <= TOLERANCES[precision]


@pytest.mark.gpu
@on_cuda
def test_features_outlive_the_next_batch_and_do_not_depend_on_their_neighbours() -> None:
    gpu = load_backbone(LITE, (8, 16), device=DEVICE)
    first = gpu.stages(batch(3))
    kept = [stage.clone() for stage in first]
    gpu.stages(batch(4))
    assert all(torch.equal(stage, before) for stage, before in zip(first, kept, strict=True))
    alone = gpu.stages(batch(3)[1:2])
    assert all(off(one[0], stage[1].cpu()) < 1e-5 for one, stage in zip(alone, kept, strict=True))


@pytest.mark.gpu
@on_cuda
def test_an_input_that_is_on_the_device_already_gives_the_same() -> None:
    gpu = load_backbone("efficientnet_lite0+efficientnet_lite2", (8, 16), device=DEVICE)
    pixels = batch(2)
    there = gpu.stages(torch.from_numpy(pixels).to(DEVICE))
    assert all(off(a, b.cpu()) < 1e-5 for a, b in zip(there, gpu.stages(pixels), strict=True))


@pytest.mark.gpu
@on_cuda
def test_more_shapes_than_are_kept_take_no_more_memory() -> None:
    gpu = load_backbone(LITE, (8, 16), device=DEVICE, precision="float16")
    used = []
    for _ in range(3):
        for count in range(1, 15):
            gpu.stages(batch(1, 64 + 32 * count, 64))
        torch.cuda.synchronize()
        used.append(torch.cuda.memory_reserved())
    assert used[2] <= used[1]


@pytest.mark.gpu
@on_cuda
def test_values_that_are_no_numbers_come_back_as_such() -> None:
    gpu = load_backbone(LITE, (8, 16), device=DEVICE, precision="float16")
    assert all(stage.isnan().any() for stage in gpu.stages(np.full((1, 3, 64, 64), np.nan, np.float32)))
