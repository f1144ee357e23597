"""What a count of a few pictures says of the rate behind it."""

from service.patchcore.beta import beta_quantile

Interval = tuple[float, float]


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> Interval | None:
    """The exact binomial interval (Clopper and Pearson 1934): it holds the rate with at least this
    confidence, whatever the rate. None without trials. Raises ValueError for counts that cannot be."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no count: give 0 to {trials} successes")
    if trials == 0:
        return None
    tail, failures = (1 - confidence) / 2, trials - successes
    low = beta_quantile(tail, successes, failures + 1) if successes else 0.0
    high = beta_quantile(1 - tail, successes + 1, failures) if failures else 1.0
    return low, high
