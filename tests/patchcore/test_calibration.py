import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, norm  # type: ignore[import-untyped]

from service.patchcore.beta import beta_quantile
from service.patchcore.calibration import Calibration, effective_alpha

SCORES = st.lists(
    st.one_of(st.integers(0, 4).map(float), st.floats(-100, 100, width=32)), min_size=1, max_size=60
)
ALPHAS = st.one_of(
    st.floats(0, 1, exclude_min=True, exclude_max=True),
    st.tuples(st.integers(1, 60), st.integers(2, 61))
    .filter(lambda p: p[0] < p[1])
    .map(lambda p: p[0] / p[1]),
)


@given(scores=SCORES, alpha=ALPHAS, other=st.floats(-200, 200))
def test_score_is_above_threshold_exactly_when_its_p_value_allows(
    scores: list[float], alpha: float, other: float
) -> None:
    calibration = Calibration(np.array(scores))
    threshold = calibration.threshold(alpha)
    beside = [s for v in scores for s in (v, np.nextafter(v, math.inf), np.nextafter(v, -math.inf))]
    for score in [other, *beside]:
        assert (score > threshold) == (calibration.p_value(score) <= alpha)


@given(scores=SCORES, alpha=ALPHAS)
def test_effective_alpha_always_leaves_room_for_an_alarm(scores: list[float], alpha: float) -> None:
    calibration = Calibration(np.array(scores))
    used = effective_alpha(alpha, calibration.n)
    assert calibration.p_value(max(scores) + 1) <= used
    assert calibration.threshold(used) < math.inf


def test_no_score_alarms_below_the_rate_that_the_parts_can_state() -> None:
    calibration = Calibration(np.arange(50.0))
    assert calibration.threshold(0.01) == math.inf
    assert calibration.bound(0.01) == 0


def test_float32_scores_are_compared_unrounded() -> None:
    calibration = Calibration(np.array([0.1], np.float32))
    assert calibration.p_value(float(np.float32(0.1))) == 1
    assert calibration.p_value(0.100000002) == 1 / 2  # the same number once rounded to float32


@given(
    probability=st.sampled_from([0.01, 0.5, 0.9, 0.95, 0.999]),
    successes=st.integers(1, 300),
    failures=st.integers(1, 3000),
)
def test_beta_quantile_agrees_with_scipy(probability: float, successes: int, failures: int) -> None:
    ours = beta_quantile(probability, successes, failures)
    assert ours == pytest.approx(float(beta.ppf(probability, successes, failures)), rel=1e-7)


def test_bound_holds_for_the_stated_share_of_calibrations() -> None:
    rng = np.random.default_rng(3)
    alpha, held = 0.1, 0
    for _ in range(2000):
        calibration = Calibration(rng.random(60))
        realised = 1 - calibration.threshold(alpha)
        held += realised <= calibration.bound(alpha)
    assert held / 2000 == pytest.approx(0.95, abs=0.015)


@given(n=st.integers(1, 200), alpha=ALPHAS)
def test_the_interval_ends_at_the_bound(n: int, alpha: float) -> None:
    calibration = Calibration(np.arange(float(n)))
    low, high = calibration.interval(alpha)
    assert 0 <= low <= high <= 1
    assert high == pytest.approx(calibration.bound(alpha), abs=1e-12)


@pytest.mark.parametrize(("n", "alpha"), [(50, 0.02), (99, 0.05), (19, 0.1)])
def test_the_realised_rate_lies_in_the_interval_for_the_stated_share_of_banks(n: int, alpha: float) -> None:
    rng, inside, rates = np.random.default_rng(n), 0, []
    low, high = Calibration(np.arange(float(n))).interval(effective_alpha(alpha, n))
    for _ in range(2000):
        threshold = Calibration(rng.lognormal(size=n)).threshold(effective_alpha(alpha, n))
        rates.append(1 - norm.cdf(math.log(threshold)))
        inside += low <= rates[-1] <= high
    assert inside / 2000 == pytest.approx(0.9, abs=0.025)
    assert np.mean(rates) == pytest.approx(math.floor(alpha * (n + 1) + 1e-9) / (n + 1), abs=0.003)


def test_sentence_says_the_rate_the_bound_and_what_more_takes() -> None:
    words = Calibration(np.arange(50.0)).sentence(0.001)
    assert "50 held-out good parts" in words
    assert "1.96 % on average" in words
    assert "needs at least 999 parts" in words
    assert "needs" not in Calibration(np.arange(999.0)).sentence(0.001)


def test_needed_parts_are_enough() -> None:
    for alpha in (0.001, 0.01, 0.02, 0.1, 0.3, 1 / 3):
        needed = math.ceil(1 / alpha) - 1
        assert effective_alpha(alpha, needed) == alpha


@pytest.mark.parametrize("scores", [[], [math.nan]])
def test_calibration_without_numbers_is_refused(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="calibration"):
        Calibration(np.array(scores))


def test_nan_score_has_no_p_value() -> None:
    with pytest.raises(ValueError, match="not a number"):
        Calibration(np.ones(3)).p_value(math.nan)


@pytest.mark.parametrize(("wished", "n"), [(0.0, 5), (1.0, 5), (0.1, 0)])
def test_impossible_rates_are_refused(wished: float, n: int) -> None:
    with pytest.raises(ValueError, match="rate"):
        effective_alpha(wished, n)
