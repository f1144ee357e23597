from dataclasses import replace
from pathlib import Path

import pytest

from service.evaluation.categories import Category, find_categories
from service.evaluation.false_alarms import drawn_apart
from service.evaluation.refusal import EvaluationRefused
from service.evaluation.result import CategoryResult
from service.evaluation.wanted import Wanted, measure
from tests.evaluation.drawn import lay_out
from tests.training.parts import QUICK, QuickNetwork, good_parts


@pytest.fixture(scope="module")
def category(tmp_path_factory: pytest.TempPathFactory) -> Category:
    (found,) = find_categories(lay_out(tmp_path_factory.mktemp("root") / "flange", train=9, good=5))
    return found


def measured(category: Category, wanted: Wanted) -> CategoryResult:
    return measure(category, QUICK, QuickNetwork(), wanted, lambda what: lambda step, done, expected: None)


def test_what_was_not_asked_for_is_not_measured(category: Category) -> None:
    result = measured(category, Wanted())
    assert (result.curve, result.false_alarms, result.contamination) == (None, None, None)


def test_remembered_looks_change_no_figure(category: Category) -> None:
    plain, remembered = (measured(category, wanted) for wanted in (Wanted(), Wanted(curve=(5,))))
    quality = {"image_auroc", "average_precision", "pixel_auroc", "aupro", "recall", "bank_vectors"}
    assert plain.model_dump(include=quality) == remembered.model_dump(include=quality)


def test_a_curve_has_a_point_for_each_number_of_parts_that_there_are(category: Category) -> None:
    curve = measured(category, Wanted(seeds=2, curve=(9, 5, 5, 50))).curve
    assert curve is not None
    assert [point.train_images for point in curve] == [5, 9]
    assert all(point.image_auroc is not None and point.spread is not None for point in curve)


def test_the_last_point_of_a_curve_is_the_category_itself(category: Category) -> None:
    result = measured(category, Wanted(curve=(9,)))
    assert result.curve is not None
    assert result.curve[0].image_auroc == result.image_auroc
    assert result.curve[0].recall == result.recall


def test_every_good_picture_is_taught_or_judged_in_every_split(category: Category) -> None:
    found = measured(category, Wanted(splits=4)).false_alarms
    assert found is not None
    assert (found.splits, found.train_images, found.judged) == (4, 9, 14 - 9)
    assert found.alpha == pytest.approx(1 / 10)
    assert found.alpha < found.bound <= 1
    assert found.mean == pytest.approx(sum(found.rates) / 4)
    assert found.within_bound == (found.mean <= found.bound)


def test_pictures_of_one_part_are_all_taught_or_all_judged() -> None:
    pool = [replace(part, part_id=f"part-{number // 3}") for number, part in enumerate(good_parts(12))]
    for seed in range(5):
        known, unseen = drawn_apart(pool, 7, seed)
        assert not {part.part_id for part in known} & {part.part_id for part in unseen}
        assert (len(known), len(unseen)) == (6, 6)


def test_contamination_spares_the_defects_that_it_teaches(category: Category) -> None:
    found = measured(category, Wanted(max_train=8, contaminated=0.2, seeds=2)).contamination
    assert found is not None
    assert (found.train_images, found.defects, found.share) == (8, 2, 0.25)
    assert all(0 <= area <= 1 for area in (found.clean, found.contaminated, found.screened))
    assert found.excluded_defects <= min(found.excluded, found.defects)


def test_a_category_without_defects_to_spare_is_refused(tmp_path: Path) -> None:
    (bare,) = find_categories(lay_out(tmp_path / "flange", defects=False))
    with pytest.raises(EvaluationRefused, match="cannot spare 1 of its 0 defects"):
        measured(bare, Wanted(contaminated=0.1))


def test_too_few_good_pictures_cannot_be_split(tmp_path: Path) -> None:
    (small,) = find_categories(lay_out(tmp_path / "flange", train=5, good=1))
    with pytest.raises(EvaluationRefused, match=r"flange has 6 good pictures, .* give at least 8"):
        measured(small, Wanted(splits=2))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [({"curve": (3,)}, "a curve at 3 parts"), ({"contaminated": 0.5}, "a share of 0.5 defects")],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(
    arguments: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        Wanted(**arguments)  # type: ignore[arg-type]
