"""``patchline train --roi --mask``: kept in the bank, and refused in one sentence where they cannot be."""

import json
from pathlib import Path

import pytest

from service.banks.bank_file import read_bank
from tests.cli.conftest import Command

QUICK = ("--recipe", "fast", "--set", "max_vectors=200", "--set", "input_pixels=16384")


def test_a_region_and_a_mask_are_kept_in_the_bank_and_findings_are_in_the_frames_pixels(
    patchline: Command, good: Path, mixed: Path, tmp_path: Path
) -> None:
    mask, out = tmp_path / "mask.json", tmp_path / "line1.bank"
    mask.write_text(json.dumps({"ignore": [[[0, 0], [320, 0], [320, 60], [0, 60]]]}))
    ended = patchline(
        "train", "line1", "--good", good, "--out", out, "--roi", "20,20,280,260", "--mask", mask, *QUICK
    )
    assert ended.code == 0
    contract = read_bank(out).manifest.contract
    assert contract.region is not None
    assert contract.mask is not None
    box = contract.box(320, 320)
    assert (box.x, box.y, box.width, box.height) == (20, 20, 280, 260)
    found = patchline("inspect", out, mixed, "--json").json["images"]
    regions = [region for image in found for region in image["regions"]]
    assert regions
    assert all(region["x"] >= 20 and region["x"] + region["width"] <= 300 for region in regions)
    assert all(region["y"] >= 20 and region["y"] + region["height"] <= 280 for region in regions)


@pytest.mark.parametrize(
    ("roi", "mask", "sentence"),
    [
        ("1,2,3", None, "is not X,Y,W,H"),
        (None, {"look": [[[0, 0], [9, 9], [9, 0], [0, 9]]]}, "crosses itself"),
        (None, {"look": [[[0, 0], [9, 9]]]}, "2 points bounds nothing"),
        ("300,0,40,40", None, "reaches outside the picture of 320 x 320"),
        (None, {"size": [640, 480], "look": [[[0, 0], [9, 0], [0, 9]]]}, "drawn on 640 x 480"),
        (None, {"look": [[[0, 0], [2, 0], [0, 2]]]}, "leaves no patch to look at"),
    ],
)
def test_a_region_or_mask_that_cannot_be_is_refused_in_a_sentence(
    patchline: Command, good: Path, tmp_path: Path, roi: str | None, mask: object, sentence: str
) -> None:
    said: list[object] = [] if roi is None else ["--roi", roi]
    if mask is not None:
        (tmp_path / "mask.json").write_text(json.dumps(mask))
        said += ["--mask", tmp_path / "mask.json"]
    ended = patchline("train", "line1", "--good", good, "--out", tmp_path / "bank", *said, *QUICK)
    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.sentence
    assert not (tmp_path / "bank").exists()


def test_a_mask_that_is_not_there_is_named(patchline: Command, good: Path, tmp_path: Path) -> None:
    ended = patchline("train", "line1", "--good", good, "--out", tmp_path / "b", "--mask", tmp_path / "no")
    assert ended.code == 2
    assert f"mask {tmp_path / 'no'} cannot be read" in ended.sentence
