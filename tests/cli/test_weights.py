"""A bank is judged by the weights that it was made with, or not at all."""

from pathlib import Path

import pytest
import timm
from safetensors.torch import save_file

from service.backbones.configured import weights_in_use
from service.backbones.refusal import UnfitWeights
from service.backbones.weights import sha256_of
from service.patchcore.recipes import DEFAULT
from service.settings import EngineSettings, Settings
from tests.cli.conftest import Command
from workers.cli.checkup import _load_weights


def test_a_bank_is_not_judged_by_other_weights(
    patchline: Command, bank: Path, mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_file(
        timm.create_model("efficientnet_lite2").state_dict(), tmp_path / "efficientnet_lite2.safetensors"
    )
    monkeypatch.setenv("PATCHLINE_ENGINE__WEIGHTS", str(tmp_path))
    ended = patchline("inspect", bank, mixed)
    assert (ended.code, ended.out) == (2, "")
    assert f"It needs {DEFAULT.backbone} with weights {wheels()}" in ended.sentence
    assert f"this worker has {DEFAULT.backbone} with" in ended.sentence


def wheels() -> str:
    """What the default recipe's weights are called where nothing else is set."""
    return weights_in_use(EngineSettings(), DEFAULT.backbone)[:12]


def checked(weights: Path | None) -> str:
    return _load_weights(Settings(engine=EngineSettings(weights=weights)))


def test_the_doctor_takes_a_file_of_any_network_and_names_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "resnet18.safetensors"
    save_file(timm.create_model("resnet18").state_dict(), file)
    assert checked(file) == f"{file} with 122 tensors, sha256 {sha256_of(file)[:12]}"
    assert "efficientnet_lite2" in checked(tmp_path)
    assert f"from its wheel, sha256 {wheels()}" in checked(None)


def test_the_doctor_refuses_a_file_that_holds_no_weights(tmp_path: Path) -> None:
    broken = tmp_path / "weights.pth"
    broken.write_bytes(b"none")
    with pytest.raises(UnfitWeights, match=r"weights.pth are no safetensors or state dict"):
        checked(broken)
