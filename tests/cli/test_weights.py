"""A bank is judged by the weights that it was made with, or not at all."""

from pathlib import Path

import pytest
import timm
from safetensors.torch import save_file

from tests.cli.conftest import Command


def test_a_bank_is_not_judged_by_other_weights(
    patchline: Command, bank: Path, mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_file(
        timm.create_model("efficientnet_lite2").state_dict(), tmp_path / "efficientnet_lite2.safetensors"
    )
    monkeypatch.setenv("PATCHLINE_ENGINE__WEIGHTS", str(tmp_path))
    ended = patchline("inspect", bank, mixed)
    assert (ended.code, ended.out) == (2, "")
    assert "It needs efficientnet_lite2 with weights 9656183e" in ended.sentence
    assert "this worker has efficientnet_lite2 with" in ended.sentence
