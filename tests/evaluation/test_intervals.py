import pytest

from service.evaluation.intervals import clopper_pearson


def test_no_alarm_in_n_is_the_closed_form() -> None:
    assert clopper_pearson(0, 10) == pytest.approx((0.0, 1 - 0.025 ** (1 / 10)), abs=1e-9)


def test_every_alarm_mirrors_none() -> None:
    assert clopper_pearson(10, 10) == pytest.approx((0.025 ** (1 / 10), 1.0), abs=1e-9)


def test_one_in_ten_is_what_tables_say() -> None:
    assert clopper_pearson(1, 10) == pytest.approx((0.002529, 0.445016), abs=1e-6)


def test_nothing_tried_says_nothing() -> None:
    assert clopper_pearson(0, 0) is None


@pytest.mark.parametrize("count", [(-1, 3), (4, 3), (0, -1)])
def test_a_count_that_cannot_be_is_refused(count: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no count"):
        clopper_pearson(*count)
