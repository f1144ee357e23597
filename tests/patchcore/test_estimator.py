import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.patchcore import PatchCore, Recipe, estimator, fit, fused_score


def _parts(count: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(count, 4, 4, 8))


def test_the_example_in_its_contract_runs() -> None:
    ended = doctest.testmod(estimator)
    assert ended.attempted >= 6
    assert ended.failed == 0


def test_scores_are_those_of_the_bank_that_fit_makes_with_the_sign_turned() -> None:
    bank = fit(list(_parts(20)), Recipe())
    model = PatchCore().fit(_parts(20))
    asked = _parts(5, seed=1)
    expected = [-fused_score(bank.distances(part), bank.recipe) for part in asked]
    assert model.score_samples(asked).tolist() == expected
    assert np.array_equal(model.bank_.vectors, bank.vectors)


@settings(deadline=None, max_examples=20)
@given(rate=st.floats(0.001, 0.6), seed=st.integers(0, 1000))
def test_a_part_is_an_outlier_exactly_when_its_p_value_is_at_most_alpha(rate: float, seed: int) -> None:
    model = PatchCore(false_alarm_rate=rate).fit(_parts(15))
    asked = _parts(6, seed) * 1.3
    outliers = model.predict(asked) == -1
    assert outliers.tolist() == (model.p_values(asked) <= model.alpha_).tolist()
    assert outliers.tolist() == (model.decision_function(asked) < 0).tolist()


def test_the_map_peaks_where_the_part_is_unusual_and_its_peak_is_the_score() -> None:
    model = PatchCore().fit(_parts(30))
    odd = _parts(1, seed=2)
    odd[0, 3, 1] += 6
    (drawn,) = model.anomaly_maps(odd)
    assert divmod(int(drawn.argmax()), drawn.shape[1]) == (3, 1)
    assert -float(drawn.max()) == model.score_samples(odd)[0]


def test_a_part_that_is_taught_later_is_no_longer_unusual_and_promises_nothing() -> None:
    odd = _parts(1, seed=3) + 5
    model = PatchCore().fit(_parts(20))
    before, promised = model.score_samples(odd)[0], model.alpha_
    model.partial_fit(odd)
    assert model.score_samples(odd)[0] > before
    assert model.alpha_ == promised


def test_the_parts_that_are_learned_are_held_out_before_they_are_judged() -> None:
    parts = _parts(20)
    parts[7] += 5
    answers = PatchCore(false_alarm_rate=0.05).fit_predict(parts)
    assert answers[7] == -1
    assert (answers == -1).sum() == 1


def test_pictures_are_embedded_by_what_was_given() -> None:
    def embed(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        return pictures[:, ::2, ::2, :].astype(np.float32)

    pictures = np.random.default_rng(0).integers(0, 255, size=(12, 8, 8, 3), dtype=np.uint8)
    assert PatchCore(embed=embed).fit(pictures).anomaly_maps(pictures[:2]).shape == (2, 4, 4)


def test_what_is_no_patch_features_or_not_fitted_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match="call fit with good parts first"):
        PatchCore().score_samples(_parts(1))
    with pytest.raises(ValueError, match="give floats"):
        PatchCore().fit(np.zeros((4, 4)))
    with pytest.raises(ValueError, match="is no rate"):
        PatchCore(false_alarm_rate=2).fit(_parts(4))
