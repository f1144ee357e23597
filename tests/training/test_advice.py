"""Laws of the advice: it grows with the parts, and what it promises is what a calibration can state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.patchcore import effective_alpha
from service.training.advice import CURVE, MEANINGS, START_UNTIL, Standing, advice, needed_parts
from service.training.gathering import FEWEST

RATES = st.floats(1e-4, 0.5)


@given(parts=st.integers(0, 20_000), alpha=RATES)
def test_more_parts_never_stand_worse(parts: int, alpha: float) -> None:
    order = list(Standing)
    assert order.index(advice(parts, alpha).standing) <= order.index(advice(parts + 1, alpha).standing)


@given(parts=st.integers(FEWEST, 20_000), alpha=RATES)
def test_the_promised_rate_is_the_calibrations(parts: int, alpha: float) -> None:
    assert advice(parts, alpha).alpha == effective_alpha(alpha, parts)


@given(alpha=RATES)
def test_the_needed_parts_keep_the_wish_and_one_fewer_does_not(alpha: float) -> None:
    needed = needed_parts(alpha)
    assert effective_alpha(alpha, needed) <= alpha * (1 + 1e-9)
    assert needed == 1 or effective_alpha(alpha, needed - 1) > alpha


@given(parts=st.integers(0, 20_000), alpha=RATES)
def test_an_aim_lies_ahead_until_nothing_is_missing(parts: int, alpha: float) -> None:
    aim = advice(parts, alpha).aim
    assert aim is None or aim > parts
    assert (aim is None) == (parts >= max(START_UNTIL, needed_parts(alpha)))


def test_the_sentence_says_what_more_takes() -> None:
    told = advice(12).sentence
    assert told.startswith("12 good parts: enough to see whether the view and the light will do")
    assert "7.7 %; 1 % needs 99." in told
    assert f"{max(CURVE)} with {CURVE[max(CURVE)]:.2f}" in told
    assert "needs" not in advice(99).sentence


def test_too_few_parts_make_no_bank() -> None:
    assert advice(1).sentence == "1 good part cannot make a bank: take at least 5, better 50."
    assert advice(1).alpha is None


def test_every_standing_has_its_sentence() -> None:
    assert set(MEANINGS) == set(Standing)


@pytest.mark.parametrize(("parts", "alpha"), [(-1, 0.01), (10, 0.0), (10, 1.0)])
def test_what_cannot_be_is_refused(parts: int, alpha: float) -> None:
    with pytest.raises(ValueError, match="no "):
        advice(parts, alpha)
