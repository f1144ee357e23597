"""OpenVINO computes what torch computes, or says that it cannot."""

import gc
import subprocess
import sys

import numpy as np
import psutil
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from service.backbones.base import Backbone
from service.backbones.forward import forward_of
from service.backbones.loading import load_backbone
from service.backbones.openvino_network import OpenVinoNetwork
from service.backbones.refusal import UnfitRuntime
from service.backbones.runtime import Runtime

pytest.importorskip("openvino")
LITES = ("efficientnet_lite0", "tf_efficientnet_lite0", "efficientnet_lite2")


def by_openvino(name: str) -> Backbone:
    return load_backbone(name, (8, 16), runtime=Runtime.OPENVINO)


def batch(count: int, height: int = 96, width: int = 128) -> NDArray[np.float32]:
    return np.random.default_rng(count).standard_normal((count, 3, height, width)).astype(np.float32)


def assert_near(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert found.dtype == torch.float32
    assert found.shape == expected.shape
    assert float((found - expected).abs().max()) <= 1e-4 * float(expected.abs().max())


@pytest.mark.parametrize("name", LITES)
def test_features_are_torchs_at_every_batch_and_picture_size(name: str) -> None:
    for pixels in (batch(1), batch(3), batch(8), batch(2, 64, 224)):
        expected = load_backbone(name, (8, 16)).stages(pixels)
        for found, wanted in zip(by_openvino(name).stages(pixels), expected, strict=True):
            assert_near(found, wanted)


def test_a_picture_does_not_depend_on_its_neighbours() -> None:
    backbone, pictures = by_openvino(LITES[1]), batch(8)
    together = backbone.stages(pictures)
    for row in range(8):
        for stage, alone in zip(together, backbone.stages(pictures[row : row + 1]), strict=True):
            assert_near(stage[row : row + 1], alone)


def test_features_outlive_the_next_batch() -> None:
    backbone = by_openvino(LITES[1])
    first = backbone.stages(batch(2))
    kept = [stage.clone() for stage in first]
    backbone.stages(batch(2) + 1)
    assert all(torch.equal(stage, before) for stage, before in zip(first, kept, strict=True))


class Halves(nn.Module):
    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [nn.functional.relu6(nn.functional.avg_pool2d(x, 2) * self.weight)]


@pytest.mark.parametrize(
    ("runtime", "used"),
    [
        (Runtime.AUTO, Runtime.OPENVINO),
        (Runtime.OPENVINO, Runtime.OPENVINO),
        (Runtime.TORCH, Runtime.TORCH),
    ],
)
def test_the_setting_names_what_computes(runtime: Runtime, used: Runtime) -> None:
    assert forward_of(Halves(), "halves", "cpu", "float32", runtime).runtime is used


def test_weights_that_give_no_numbers_are_left_to_torch_which_tells() -> None:
    """OpenVINO's clamp makes numbers of them."""
    forward = forward_of(Halves(float("nan")), "halves", "cpu", "float32", Runtime.AUTO)
    assert not torch.isfinite(forward(batch(1))[0]).any()


class Sized(nn.Module):
    """Its trace remembers the size of the picture that it saw."""

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [nn.functional.adaptive_avg_pool2d(x, (int(x.shape[2]) // 8, int(x.shape[3]) // 8))]


class Exotic(nn.Module):
    """OpenVINO has no Bessel function."""

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [torch.special.bessel_j0(x)]


class Choosy(nn.Module):
    """Torch refuses the size that is traced."""

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        assert x.shape[2] % 128 == 0
        return [x]


@pytest.mark.parametrize("network", [Sized(), Exotic(), Choosy()])
def test_a_network_that_openvino_cannot_run_is_torchs_and_refused_only_by_name(network: nn.Module) -> None:
    forward = forward_of(network, "odd", "cpu", "float32", Runtime.AUTO)
    assert forward.runtime is Runtime.TORCH
    pixels = batch(2, 128)
    assert torch.equal(forward(pixels)[0], network(torch.from_numpy(pixels))[0])
    with pytest.raises(UnfitRuntime, match=r"OpenVINO cannot run odd \(.+\): set PATCHLINE_ENGINE__RUNTIME"):
        forward_of(network, "odd", "cpu", "float32", Runtime.OPENVINO)


def test_half_precision_for_gpus_is_torchs() -> None:
    network = nn.Identity()
    assert forward_of(network, "same", "cpu", "float16", Runtime.AUTO).runtime is Runtime.TORCH
    with pytest.raises(UnfitRuntime, match="not in float16"):
        forward_of(network, "same", "cpu", "float16", Runtime.OPENVINO)


def test_another_device_is_not_openvinos() -> None:
    with pytest.raises(UnfitRuntime, match="the device is meta"):
        forward_of(nn.Identity(), "same", "meta", "float32", Runtime.OPENVINO)


class Mixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mixture = nn.Conv2d(3, 64, 3, padding=1).requires_grad_(False)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [self.mixture(x)]


def test_torchs_threads_are_openvinos_also_when_they_change_after_the_network_is_gone() -> None:
    network = Mixed()
    expected = network(torch.from_numpy(batch(1)))[0]
    forward = OpenVinoNetwork.converted(network, "float32")
    del network
    gc.collect()
    before = torch.get_num_threads()
    try:
        for threads in (2, 1):
            torch.set_num_threads(threads)
            assert_near(forward(batch(1))[0], expected)
            assert forward.threads == threads
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [2, 5, 8])
def test_pictures_come_in_their_order_whatever_computes_them(threads: int, count: int) -> None:
    network, before = Mixed(), torch.get_num_threads()
    pictures = batch(count)
    try:
        torch.set_num_threads(threads)
        forward = OpenVinoNetwork.converted(network, "float32")
        assert_near(forward(pictures)[0], network(torch.from_numpy(pictures))[0])
    finally:
        torch.set_num_threads(before)


def test_after_a_batch_that_does_not_fit_the_next_is_computed() -> None:
    network = Mixed()
    forward = OpenVinoNetwork.converted(network, "float32")
    with pytest.raises(RuntimeError):
        forward(np.zeros((4, 5, 32, 32), np.float32))
    assert_near(forward(batch(4))[0], network(torch.from_numpy(batch(4)))[0])


@pytest.mark.slow
def test_many_sizes_take_no_more_memory_the_second_time() -> None:
    forward = by_openvino(LITES[1])
    sizes = [(count, 64 + 32 * rows, 64 + 32 * columns) for count, rows, columns in np.ndindex(2, 4, 6)]
    process = psutil.Process()
    used = []
    for _ in range(3):
        for size in sizes:
            forward.stages(batch(size[0] + 1, *size[1:]))
        used.append(process.memory_info().rss)
    assert used[2] - used[1] < 64 * 2**20


def test_a_conversion_reports_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry = pytest.importorskip("openvino_telemetry")
    told: list[object] = []
    monkeypatch.setattr(telemetry.Telemetry, "__init__", lambda *given, **_named: told.append(given))
    monkeypatch.setattr(telemetry.Telemetry, "send_event", lambda *given, **_named: told.append(given))
    OpenVinoNetwork.converted(Halves(), "float32")(batch(1))
    assert not told


GIVEN_UP = {
    "in the order in which they were made": "networks.pop(0)\nnetworks.pop(0)",
    "by another thread": "thread = threading.Thread(target=networks.clear)\nthread.start()\nthread.join()",
}
TOLD = """
import os, signal, threading
from tests.backbones.test_openvino_network import Mixed, OpenVinoNetwork
networks = [OpenVinoNetwork.converted(Mixed(), "float32") for _ in range(2)]
{given_up}
signal.signal(signal.SIGTERM, lambda *_: print("told"))
os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.parametrize("how", GIVEN_UP)
def test_a_process_whose_networks_are_gone_is_still_told_of_a_signal(how: str) -> None:
    program = TOLD.format(given_up=GIVEN_UP[how])
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (told.returncode, told.stdout) == (0, b"told\n"), told.stderr
