"""The Beta quantile for whole numbers, without scipy."""

import math

import numpy as np

STEPS = 200


def beta_quantile(probability: float, successes: int, failures: int) -> float:
    """The x with P(Beta(successes, failures) <= x) = probability; both parameters at least 1.

    P(Beta(k, n + 1 - k) <= x) = P(Binomial(n, x) >= k), solved by bisection to the last digits of a float.
    """
    if not 0 < probability < 1 or successes < 1 or failures < 1:
        raise ValueError(f"no Beta quantile at {probability} for ({successes}, {failures})")
    trials = successes + failures - 1
    chosen = np.arange(successes)
    log_ways = np.array([_log_choose(trials, int(j)) for j in chosen])
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        fewer = np.exp(log_ways + chosen * math.log(middle) + (trials - chosen) * math.log1p(-middle)).sum()
        low, high = (middle, high) if 1 - fewer < probability else (low, middle)
    return (low + high) / 2


def _log_choose(trials: int, chosen: int) -> float:
    return math.lgamma(trials + 1) - math.lgamma(chosen + 1) - math.lgamma(trials - chosen + 1)
