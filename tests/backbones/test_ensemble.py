"""Several networks as one backbone."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from service.backbones.configured import weights_in_use
from service.backbones.loading import load_backbone
from service.backbones.refusal import UnfitWeights
from service.backbones.runtime import Runtime
from service.settings import EngineSettings

PLAIN, TRAINED = "efficientnet_lite0", "tf_efficientnet_lite0"
BOTH = f"{PLAIN}+{TRAINED}"


def pixels() -> NDArray[np.float32]:
    return np.random.default_rng(0).random((3, 3, 64, 96), np.float32)


@pytest.mark.parametrize("runtime", [Runtime.TORCH, Runtime.AUTO])
def test_stages_are_the_members_in_order_each_normalised_as_it_was_trained(runtime: Runtime) -> None:
    backbone = load_backbone(BOTH, (8, 16), runtime=runtime)
    expected: list[torch.Tensor] = []
    for name in (PLAIN, TRAINED):
        member = load_backbone(name, (8, 16))
        mean, std = (np.array(values, np.float32).reshape(3, 1, 1) for values in (member.mean, member.std))
        expected += member.stages((pixels() - mean) / std)
    for stage, wanted in zip(backbone.stages(pixels()), expected, strict=True):
        assert float((stage - wanted).abs().max()) <= 1e-4 * float(wanted.abs().max())


def test_an_ensemble_tells_of_its_members_in_a_row_and_takes_plain_pixels() -> None:
    backbone = load_backbone(BOTH, (8, 16))
    assert backbone.name == BOTH
    assert backbone.strides == (8, 16, 8, 16)
    assert backbone.channels == (40, 112, 40, 112)
    assert (backbone.mean, backbone.std) == ((0.0,) * 3, (1.0,) * 3)
    assert (backbone.device, backbone.precision) == ("cpu", "float32")


def test_the_input_is_left_as_it_was() -> None:
    given = pixels()
    load_backbone(BOTH, (8, 16)).stages(given)
    np.testing.assert_array_equal(given, pixels())


def test_the_weights_name_every_member_and_their_order() -> None:
    shas = {load_backbone(name, (8, 16)).weights_sha256 for name in (PLAIN, BOTH, f"{TRAINED}+{PLAIN}")}
    assert len(shas) == 3
    assert all(len(sha) == 64 for sha in shas)


@pytest.mark.parametrize("name", [PLAIN, BOTH])
def test_the_weights_in_use_are_those_of_the_loaded_backbone(name: str) -> None:
    assert weights_in_use(EngineSettings(), name) == load_backbone(name, (8, 16)).weights_sha256


def test_a_folder_gives_each_member_its_file(tmp_path: Path) -> None:
    save_file(timm.create_model("resnet18").state_dict(), tmp_path / "resnet18.safetensors")
    name = f"resnet18+{TRAINED}"
    backbone = load_backbone(name, (8, 16), tmp_path)
    assert backbone.channels == (128, 256, 40, 112)
    assert backbone.weights_sha256 == weights_in_use(EngineSettings(weights=tmp_path), name)


def test_one_file_for_several_networks_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"")
    with pytest.raises(UnfitWeights, match=r"one file for the 2 networks of .+ name a folder"):
        load_backbone(BOTH, (8, 16), path)
    with pytest.raises(UnfitWeights, match="one file for the 2 networks"):
        weights_in_use(EngineSettings(weights=path), BOTH)


@pytest.mark.parametrize("name", [f"{PLAIN}+", f"+{PLAIN}", "+"])
def test_a_member_without_a_name_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(UnfitWeights, match="without a name"):
        load_backbone(name, (8, 16))
    with pytest.raises(UnfitWeights, match="without a name"):
        weights_in_use(EngineSettings(), name)


def test_an_unknown_member_is_named() -> None:
    with pytest.raises(UnfitWeights, match="no_such_network is not known to timm"):
        load_backbone(f"{PLAIN}+no_such_network", (8, 16))
