"""A network that is kept on disk is the one that was converted, or it is not used."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from service.backbones import kept_networks
from service.backbones.base import Backbone
from service.backbones.loading import load_backbone
from service.backbones.network import Network
from service.backbones.runtime import Runtime

pytest.importorskip("openvino")
LITE = "tf_efficientnet_lite0"
BOTH = f"efficientnet_lite0+{LITE}"
AFRESH = """
import sys
from pathlib import Path
from service.backbones.loading import load_backbone
from service.backbones.runtime import Runtime
load_backbone(sys.argv[1], (8, 16), runtime=Runtime.OPENVINO, kept=Path(sys.argv[2]))
print("timm" in sys.modules)
"""


@pytest.fixture(autouse=True)
def _each_load_is_a_processs_first() -> None:
    load_backbone.cache_clear()


def loaded(kept: Path, name: str = LITE, runtime: Runtime = Runtime.OPENVINO) -> Backbone:
    load_backbone.cache_clear()
    return load_backbone(name, (8, 16), runtime=runtime, kept=kept)


def batch() -> NDArray[np.float32]:
    return np.random.default_rng(3).standard_normal((2, 3, 96, 128)).astype(np.float32)


def networks(kept: Path) -> list[Path]:
    return sorted(kept.iterdir()) if kept.exists() else []


def test_a_kept_network_computes_to_the_bit_what_the_converted_one_does(tmp_path: Path) -> None:
    kept = tmp_path / "networks"
    first, second = loaded(kept), loaded(kept)
    assert isinstance(first, Network)
    assert isinstance(second, Network)
    assert first.about == second.about
    for ours, theirs in zip(first.stages(batch()), second.stages(batch()), strict=True):
        assert torch.equal(ours, theirs)


def test_a_later_process_needs_no_timm_for_what_is_kept(tmp_path: Path) -> None:
    def imported_timm() -> str:
        told = subprocess.run(
            [sys.executable, "-c", AFRESH, BOTH, str(tmp_path)], capture_output=True, text=True, check=True
        )
        return told.stdout.split()[-1]

    assert [imported_timm(), imported_timm()] == ["True", "False"]


def test_other_weights_strides_or_code_find_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(tmp_path)
    loaded(tmp_path, "tf_efficientnet_lite2")
    load_backbone(LITE, (8,), runtime=Runtime.OPENVINO, kept=tmp_path)
    assert len(networks(tmp_path)) == 3
    monkeypatch.setattr(kept_networks, "_made_by", lambda: ["another release"])
    loaded(tmp_path)
    assert len(networks(tmp_path)) == 4


@pytest.mark.parametrize("file", ["network.xml", "network.bin", "about.json"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, file: str) -> None:
    expected = loaded(tmp_path).stages(batch())
    (path,) = networks(tmp_path)
    damaged = (path / file).read_bytes()[:-100] + bytes(100)
    (path / file).write_bytes(damaged)
    for ours, theirs in zip(loaded(tmp_path).stages(batch()), expected, strict=True):
        assert torch.equal(ours, theirs)
    assert (path / file).read_bytes() != damaged


def test_a_folder_that_others_may_write_into_is_not_used(tmp_path: Path) -> None:
    loaded(tmp_path)
    (path,) = networks(tmp_path)
    tmp_path.chmod(0o777)
    (path / "network.bin").write_bytes(b"not looked at")
    assert isinstance(loaded(tmp_path), Network)
    assert (path / "network.bin").read_bytes() == b"not looked at"


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    backbone = loaded(tmp_path / "file" / "networks")
    assert isinstance(backbone, Network)
    assert backbone.runtime is Runtime.OPENVINO


def test_what_torch_computes_is_not_kept(tmp_path: Path) -> None:
    loaded(tmp_path, runtime=Runtime.TORCH)
    assert not networks(tmp_path)


def test_the_network_used_least_recently_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_networks, "KEPT", 1)
    loaded(tmp_path)
    before = networks(tmp_path)
    load_backbone(LITE, (8,), runtime=Runtime.OPENVINO, kept=tmp_path)
    assert len(networks(tmp_path)) == 1
    assert networks(tmp_path) != before
