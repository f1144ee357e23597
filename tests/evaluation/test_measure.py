from pathlib import Path

import numpy as np
import pytest

from service.evaluation.categories import Category, Specimen, find_categories
from service.evaluation.judging import Scored
from service.evaluation.measure import Progress, _quality, chosen, measure_category
from service.evaluation.refusal import EvaluationRefused
from service.evaluation.result import CategoryResult
from tests.evaluation.drawn import lay_out, put
from tests.training.parts import QUICK, QuickNetwork, good_parts


def measured(root: Path, *, seeds: int = 1, max_train: int | None = None) -> CategoryResult:
    def silent(seed: int) -> Progress:
        return lambda step, done, expected: None

    (category,) = find_categories(root)
    return measure_category(
        category, category.parts(), QUICK, QuickNetwork(), max_train=max_train, seeds=seeds, tell=silent
    )


def test_the_figures_of_a_case_that_can_be_counted_by_hand(tmp_path: Path) -> None:
    # Scores 1, 3 | 2, 4: three of four pairs are in order; precision is 1 at the first defect, 2/3 at the
    # second. Above 2.5 lie one of two good parts and one of two defects.
    mask = np.array([[255, 0], [0, 0]], np.uint8)
    put(tmp_path / "mask.png", mask)
    truths = [(False, None), (False, None), (True, tmp_path / "mask.png"), (True, tmp_path / "mask.png")]
    specimens = tuple(Specimen(Path("a"), defect, 2, 2, mask) for defect, mask in truths)
    # Both defects' pixels are above every other but one pixel of the second good part: of 14 good pixels one
    # ties with the lower of the two.
    maps = [np.zeros((2, 2), np.float32) for _ in specimens]
    maps[1][1, 1], maps[2][0, 0], maps[3][0, 0] = 2, 2, 4
    scored = Scored(np.array([1.0, 3.0, 2.0, 4.0]), maps, 1.0)
    quality = _quality(Category("tiny", tmp_path, specimens), scored, 2.5)
    assert quality["image_auroc"] == pytest.approx(3 / 4)
    assert quality["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert quality["pixel_auroc"] == pytest.approx((14 + 13.5) / 28)
    # Overlap 1/2 at rate 0, then straight to 1 at rate 1/14, then 1 up to the rate .3.
    assert quality["aupro"] == pytest.approx((0.3 - 1 / 14 * (1 / 4)) / 0.3)
    assert (quality["false_alarm_rate"], quality["recall"]) == (0.5, 0.5)
    # Both intervals are those of one in two: sqrt(.025) is the chance of both.
    limits = (1 - 0.975**0.5, 0.975**0.5)
    assert quality["recall_interval"] == quality["false_alarm_interval"] == pytest.approx(limits)


def test_a_random_network_finds_drawn_defects_better_than_chance(tmp_path: Path) -> None:
    result = measured(lay_out(tmp_path / "flange"))
    assert (result.train_images, result.test_good, result.test_defect) == (6, 3, 4)
    assert (result.input_size, result.map_size) == ((128, 128), (160, 160))
    assert result.image_auroc is not None
    assert result.pixel_auroc is not None
    assert result.pixel_auroc > 0.5  # chance: the features of this network are random
    assert min(result.fit_seconds, result.score_ms_per_image, result.peak_memory_mb) > 0


def test_without_defects_what_tells_them_is_not_defined(tmp_path: Path) -> None:
    result = measured(lay_out(tmp_path / "flange", defects=False))
    assert (result.image_auroc, result.average_precision, result.pixel_auroc, result.aupro) == (None,) * 4
    assert (result.recall, result.recall_interval) == (None, None)
    assert result.false_alarm_rate is not None


def test_without_good_test_parts_false_alarms_are_not_defined(tmp_path: Path) -> None:
    result = measured(lay_out(tmp_path / "flange", good=0))
    assert (result.image_auroc, result.false_alarm_rate, result.false_alarm_interval) == (None, None, None)
    assert None not in (result.recall, result.pixel_auroc, result.aupro)


def test_without_masks_pixels_are_not_measured(tmp_path: Path) -> None:
    result = measured(lay_out(tmp_path / "flange", masks=False))
    assert (result.pixel_auroc, result.aupro) == (None, None)
    assert result.image_auroc is not None


def test_the_same_seeds_give_the_same_figures(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "flange", train=8)
    first, second = (measured(root, seeds=2, max_train=5) for _ in range(2))
    quality = {"image_auroc", "average_precision", "pixel_auroc", "aupro", "recall", "bank_vectors"}
    assert first.model_dump(include=quality) == second.model_dump(include=quality)
    assert [seed.seed for seed in first.seeds] == [0, 1]
    assert first.train_images == 5


def test_parts_are_drawn_by_the_seed_without_doubles() -> None:
    parts = good_parts(12)
    draws = [chosen(parts, 5, seed) for seed in range(4)]
    assert chosen(parts, 5, 0) == draws[0]
    assert all(len({part.sha256 for part in draw}) == 5 for draw in draws)
    assert len({tuple(part.name for part in draw) for draw in draws}) > 1
    assert chosen(parts, None, 0) == chosen(parts, 99, 1) == parts


def test_a_test_picture_that_shows_no_part_is_refused_by_name(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "flange")
    put(root / "test" / "good" / "white.png", np.full((160, 160, 3), 255, np.uint8))
    with pytest.raises(EvaluationRefused, match=r"test/good/white.png"):
        measured(root)
