from pathlib import Path

import numpy as np
import pytest

from service.evaluation.categories import find_categories
from service.evaluation.refusal import EvaluationRefused
from tests.evaluation.drawn import lay_out, put
from tests.parts import DEFECTS


def test_a_root_with_good_parts_is_a_category_itself(tmp_path: Path) -> None:
    (category,) = find_categories(lay_out(tmp_path / "flange"))
    assert category.name == "flange"
    assert [specimen.defect for specimen in category.specimens] == [False] * 3 + [True] * 4
    assert [s.path.parent.name for s in category.specimens if s.mask] == sorted(DEFECTS)
    assert len(category.parts()) == 6


def test_every_folder_with_good_parts_is_a_category_by_name(tmp_path: Path) -> None:
    for name in ("nut", "bolt"):
        lay_out(tmp_path / name, masks=False)
    (tmp_path / "notes").mkdir()
    (tmp_path / "readme.txt").write_text("none")
    found = find_categories(tmp_path)
    assert [category.name for category in found] == ["bolt", "nut"]
    assert not any(category.has_masks for category in found)


def test_too_few_good_parts_are_refused_by_category(tmp_path: Path) -> None:
    refused(lay_out(tmp_path / "flange", train=4), "category flange has 4 good training parts")


def test_five_files_of_four_pictures_are_too_few(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "flange", train=4)
    train = folder / "train" / "good"
    (train / "copy.png").write_bytes((train / "000.png").read_bytes())
    (category,) = find_categories(folder)
    with pytest.raises(EvaluationRefused, match=r"category flange: .* 4 good parts cannot make a bank"):
        category.parts()


def test_no_test_picture_is_refused_by_category(tmp_path: Path) -> None:
    refused(lay_out(tmp_path / "flange", good=0, defects=False), "category flange has no test pictures")


def test_a_category_with_test_pictures_alone_is_refused(tmp_path: Path) -> None:
    lay_out(tmp_path / "bolt")
    lay_out(tmp_path / "flange", train=0)
    refused(tmp_path, "category flange has 0 good training parts")


@pytest.mark.parametrize("root", ["nowhere", "."])
def test_a_root_without_categories_is_refused(tmp_path: Path, root: str) -> None:
    refused(tmp_path / root, "no folder|no category")


def test_a_mask_of_another_size_is_refused_by_name(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "flange")
    put(folder / "ground_truth" / "spot" / "000_mask.png", np.zeros((80, 160), np.uint8))
    refused(folder, r"spot/000_mask.png has 160 x 80 pixels and its picture 000.png 160 x 160")


def test_a_mask_missing_where_others_exist_is_refused_by_name(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "flange")
    (folder / "ground_truth" / "spot" / "000_mask.png").unlink()
    refused(folder, r"spot/000.png has no mask where other defects have one")


@pytest.mark.parametrize("place", ["test/spot/000.png", "ground_truth/spot/000_mask.png"])
@pytest.mark.parametrize("keep", [0, 200])
def test_an_unreadable_picture_is_refused_by_name(tmp_path: Path, place: str, keep: int) -> None:
    folder = lay_out(tmp_path / "flange")
    broken = folder / place
    broken.write_bytes(broken.read_bytes()[:keep])
    refused(folder, rf"{place} is no readable picture")


def refused(root: Path, sentence: str) -> None:
    with pytest.raises(EvaluationRefused, match=sentence) as caught:
        find_categories(root)
    assert "\n" not in str(caught.value)
