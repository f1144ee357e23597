import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.patchcore.screening import LARGEST_GRID, discoveries, outlier_p_values, screen
from tests.patchcore.test_growth import Part, parts


def spoilt(part: Part, seed: int = 0) -> Part:
    """The part with the same defect on every one that is spoilt with this seed."""
    defect = np.random.default_rng(1000 + seed).standard_normal(part.shape[-1], dtype=np.float32)
    copy = part.copy()
    copy[1:3, 1:3] += 3 * defect
    return copy


def test_defects_among_good_parts_are_listed_strangest_first() -> None:
    good = parts(40, 0)
    found = screen([*good[:38], spoilt(good[38], 1), spoilt(good[39], 2)])
    assert set(found.suspects) == {38, 39}
    assert found.p_values[found.suspects[0]] <= found.p_values[found.suspects[1]]


def test_three_defects_of_one_kind_do_not_hide_one_another() -> None:
    good = parts(40, 0)
    assert set(screen([*good[:37], *map(spoilt, good[37:])]).suspects) == {37, 38, 39}


def test_a_part_is_not_vouched_for_by_its_own_pictures() -> None:
    good = parts(30, 0)
    twice = [spoilt(good[29]), spoilt(good[29]), spoilt(good[29]), spoilt(good[29])]
    part_of = [*range(29), 29, 29, 29, 29]
    assert 29 not in screen([*good[:29], *twice]).suspects
    assert {29, 30, 31}.issubset(screen([*good[:29], *twice], part_of=part_of).suspects)


def test_no_more_than_a_tenth_of_the_parts_are_listed() -> None:
    good = parts(40, 0)
    assert len(screen([*good[:32], *map(spoilt, good[32:])]).suspects) <= 4


def test_good_parts_alone_are_rarely_listed() -> None:
    listed = sum(bool(screen(parts(25, seed)).suspects) for seed in range(40))
    assert listed <= 8


@given(seed=st.integers(0, 10_000), count=st.integers(5, 100))
@settings(max_examples=60, deadline=None)
def test_p_values_fall_as_scores_rise(seed: int, count: int) -> None:
    scores = np.random.default_rng(seed).lognormal(size=count)
    ordered = outlier_p_values(scores)[np.argsort(scores)]
    assert (np.diff(ordered) <= 0).all()
    assert ((ordered >= 0) & (ordered <= 1)).all()


def test_a_tenth_of_outliers_does_not_move_the_others_p_values_far() -> None:
    scores = np.exp(0.1 * np.random.default_rng(0).standard_normal(100))
    mixed = np.concatenate([scores[:90], np.full(10, 100.0)])
    assert outlier_p_values(mixed)[90:].max() < 1e-6
    assert np.abs(outlier_p_values(mixed)[:90] - outlier_p_values(scores)[:90]).max() < 0.15


@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=30), rate=st.floats(0.01, 0.5))
def test_discoveries_are_benjamini_and_hochbergs(p_values: list[float], rate: float) -> None:
    values = np.array(p_values)
    ordered, n = np.sort(values), len(values)
    largest = max((k for k in range(1, n + 1) if ordered[k - 1] <= rate * k / n), default=0)
    listed = discoveries(values, rate)
    assert len(listed) == largest
    assert list(values[list(listed)]) == list(ordered[:largest])


def test_equal_parts_are_no_suspects() -> None:
    assert screen([parts(1, 0)[0]] * 12).suspects == ()


def test_a_fine_grid_is_looked_at_in_blocks_and_told_in_its_own_shape() -> None:
    side = int(np.sqrt(LARGEST_GRID)) + 5
    fine = parts(4, 0, width=2, side=side)
    grids = screen(fine).grids
    assert {grid.shape for grid in grids} == {(side, side)}
    assert np.array_equal(grids[0][0, 0], grids[0][1, 1])


def test_a_strip_of_masked_patches_is_screened_too() -> None:
    strips: list[NDArray[np.float32]] = [p.reshape(1, -1, 16) for p in parts(4, 0, side=50)]
    assert screen(strips).grids[0].shape == (1, 2500)


def test_the_same_parts_give_the_same_screening() -> None:
    good = parts(12, 0)
    assert screen(good, seed=3).scores.tobytes() == screen(good, seed=3).scores.tobytes()


def test_two_parts_cannot_screen_one_another() -> None:
    with pytest.raises(ValueError, match="2 parts cannot screen"):
        screen(parts(2, 0))
