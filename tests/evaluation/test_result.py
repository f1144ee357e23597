import pytest

from service.evaluation.result import CategoryResult, SeedResult, means


def seed_result(seed: int, auroc: float | None, recall: tuple[float, float]) -> SeedResult:
    return SeedResult(
        seed=seed,
        train_images=5,
        input_size=(64, 96),
        bank_vectors=100 + seed,
        alpha=1 / 6,
        image_auroc=auroc,
        average_precision=0.5,
        pixel_auroc=None,
        aupro=None,
        false_alarm_rate=None,
        recall=sum(recall) / 2,
        false_alarm_interval=None,
        recall_interval=recall,
        fit_seconds=1.0,
        score_ms_per_image=10.0,
        peak_memory_mb=100.0 + seed,
    )


def category(*seeds: SeedResult) -> CategoryResult:
    return CategoryResult.over(seeds, name="flange", test_good=0, test_defect=4, map_size=(64, 96))


def test_a_category_is_the_mean_and_the_spread_of_its_seeds() -> None:
    result = category(seed_result(0, 0.8, (0.2, 0.6)), seed_result(2, 0.9, (0.3, 0.9)))
    assert result.image_auroc == pytest.approx(0.85)
    assert result.spread["image_auroc"] == pytest.approx(0.05 * 2**0.5)
    assert (result.bank_vectors, result.peak_memory_mb) == (101, 102.0)
    assert (result.pixel_auroc, result.spread["pixel_auroc"]) == (None, None)


def test_an_interval_reaches_over_all_seeds_and_gains_nothing_by_repetition() -> None:
    result = category(seed_result(0, 0.8, (0.2, 0.6)), seed_result(1, 0.9, (0.3, 0.9)))
    assert result.recall_interval == (0.2, 0.9)
    assert result.false_alarm_interval is None


def test_one_seed_has_no_spread() -> None:
    assert set(category(seed_result(0, 0.8, (0.2, 0.6))).spread.values()) == {None}


def test_the_mean_is_over_the_categories_that_define_a_figure() -> None:
    known, unknown = (category(seed_result(0, auroc, (0.2, 0.6))) for auroc in (0.7, None))
    assert means([known, unknown])["image_auroc"] == pytest.approx(0.7)
    assert means([unknown])["image_auroc"] is None
