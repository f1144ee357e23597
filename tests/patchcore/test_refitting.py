"""A part is held out of the whitening too: its score is what a bank that never saw it would give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.patchcore import Recipe, Whitening, fit, fused_score, grow, level_distances
from service.patchcore.memory_bank import MemoryBank
from service.patchcore.moments import Moments
from service.patchcore.refitting import MOST_PARTS
from tests.patchcore.test_growth import RECIPE, parts

LEVELS = (6, 10)
WHITE = RECIPE.model_copy(update={"fusion": "late", "whiten": True, "whiten_ridge": 0.1})
SCALED = WHITE.model_copy(update={"whiten": False})


def never_seen(bank: MemoryBank, good: list[NDArray[np.float32]], together: list[int]) -> float:
    """The score of the first of some pictures of one part, all of it made without them: the bank's vectors
    as they were before whitening, whitened as the other parts alone would have it."""
    assert bank.whitening is not None
    afresh = Whitening.of(
        Moments.of([part for number, part in enumerate(good) if number not in together]), bank.recipe, LEVELS
    )
    plain = bank.vectors @ np.linalg.inv(bank.whitening.matrix.astype(np.float64)) + bank.whitening.mean
    others = afresh.apply(plain[~np.isin(bank.vector_part, together)])
    return fused_score(level_distances(afresh.apply(good[together[0]]), others, LEVELS), bank.recipe)


@given(seed=st.integers(0, 1000), recipe=st.sampled_from([WHITE, SCALED]), count=st.integers(3, 9))
@settings(max_examples=25, deadline=None)
def test_a_held_out_score_is_that_of_a_bank_whitened_without_the_part(
    seed: int, recipe: Recipe, count: int
) -> None:
    good = parts(count, seed)
    bank = fit(good, recipe, levels=LEVELS)
    expected = [never_seen(bank, good, [part]) for part in bank.calibration_parts.tolist()]
    assert bank.calibration_scores == pytest.approx(expected, rel=1e-3)


def test_other_pictures_of_a_part_are_held_out_of_the_whitening_with_it() -> None:
    good = parts(6, 0)
    pairs = {number: [number ^ 1] for number in range(6)}
    bank = fit(good, WHITE, levels=LEVELS, siblings=pairs)
    expected = [never_seen(bank, good, [part, part ^ 1]) for part in bank.calibration_parts.tolist()]
    assert bank.calibration_scores == pytest.approx(expected, rel=1e-3)


def test_of_few_parts_whitening_has_drawn_each_towards_the_others() -> None:
    few, more = (fit(parts(count, 0), WHITE, levels=LEVELS) for count in (5, 40))
    assert few.calibration_shifts is not None
    assert more.calibration_shifts is not None
    assert np.median(few.calibration_shifts) > 4 * np.median(more.calibration_shifts) > 0


def test_of_many_parts_and_without_whitening_nothing_is_fitted_again() -> None:
    many = parts(MOST_PARTS + 1, 0, width=4, side=2)
    small = WHITE.model_copy(update={"fusion": "early"})
    assert fit(many, small).calibration_shifts is None
    assert fit(many[:-1], small).calibration_shifts is not None
    assert fit(parts(6, 0), RECIPE).calibration_shifts is None


def test_a_part_without_which_the_others_are_all_alike_keeps_its_score() -> None:
    odd, flat = parts(1, 0)[0], np.ones((5, 5, 16), np.float32)
    bank = fit([odd, flat, flat], WHITE.model_copy(update={"coreset_share": 1.0}), levels=LEVELS)
    assert bank.calibration_shifts is not None
    shifts = dict(zip(bank.calibration_parts.tolist(), bank.calibration_shifts.tolist(), strict=True))
    assert shifts[0] == 0
    assert np.isfinite(bank.calibration_scores).all()


def test_growth_shifts_a_part_as_the_fit_did_and_a_part_it_never_saw_not_at_all() -> None:
    good = parts(6, 0)
    bank = fit(good, WHITE, levels=LEVELS)
    larger = grow(bank, parts(3, 1, shift=1.0), dict(enumerate(good)))
    assert bank.calibration_shifts is not None
    assert larger.calibration_shifts is not None
    assert larger.calibration_shifts.tolist() == bank.calibration_shifts.tolist()
    joined = bank.calibrated(np.array([1, 2], np.float32), np.array([6, 3], np.int32))
    assert joined.calibration_scores == pytest.approx([1, 2 + bank.calibration_shifts[3]])


def test_fewer_calibration_parts_keep_their_own_shifts() -> None:
    bank = fit(parts(6, 0), WHITE, levels=LEVELS)
    kept = np.array([False, True, False, True, True, False])
    fewer = bank.calibrated_by(kept)
    assert bank.calibration_shifts is not None
    assert fewer.calibration_shifts is not None
    assert fewer.calibration_parts.tolist() == [1, 3, 4]
    assert fewer.calibration_shifts.tolist() == bank.calibration_shifts[kept].tolist()
    assert fewer.calibration_scores.tolist() == bank.calibration_scores[kept].tolist()
