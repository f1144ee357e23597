"""The argument of docs/method.md that one selection is enough: held-out scores keep the promised rate."""

import numpy as np
from numpy.typing import NDArray

from service.patchcore import Recipe, fit, fused, fused_score

TAUGHT, UNSEEN, DRAWS = 19, 40, 24
ALPHAS = (0.05, 0.2)
LEVELS = (6, 4)


def _parts(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Parts that differ as wholes (light, batch) and in each patch, with heavy tails: some are odd."""
    whole = rng.standard_t(3, (count, 1, 1, sum(LEVELS)))
    patch = rng.normal(size=(count, 5, 5, sum(LEVELS))) * rng.gamma(2.0, size=(count, 1, 1, 1))
    features: NDArray[np.float32] = (whole + patch).astype(np.float32)
    return features


def test_unseen_good_parts_alarm_no_more_often_than_promised() -> None:
    recipe = Recipe(fusion="late", whiten=True, whiten_ridge=0.1, coreset_share=0.2, min_vectors=10)
    rates = []
    for draw in range(DRAWS):
        parts = _parts(np.random.default_rng(draw), TAUGHT + UNSEEN)
        bank = fit(list(parts[:TAUGHT]), recipe, levels=LEVELS)
        thresholds = [bank.calibration().threshold(alpha) for alpha in ALPHAS]
        distances = fused(bank.distances(parts[TAUGHT:]))
        scores = np.array([fused_score(part[None], recipe) for part in distances])
        rates.append([np.mean(scores > threshold) for threshold in thresholds])
    errors = np.std(rates, axis=0, ddof=1) / np.sqrt(DRAWS)
    assert np.all(np.mean(rates, axis=0) <= np.array(ALPHAS) + 3 * errors)
    # A threshold so high that nothing alarms would keep every promise.
    assert np.all(np.mean(rates, axis=0) > np.array(ALPHAS) / 3)
