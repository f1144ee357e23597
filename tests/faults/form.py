"""Short form (``make verify``) or long form (``make faults``): the same laws, with other repetitions."""

import os

import pytest

LONG = os.environ.get("FAULTS_FORM") == "long"
TIMES = int(os.environ.get("FAULTS_TIMES") or 0)
# A law of real processes: Apache Kafka, minutes where a test has seconds.
LAW = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.timeout(7_200 if LONG else 600)]
LONG_ONLY = pytest.mark.skipif(not LONG, reason="make faults runs it; it has no short form")
SESSION_SECONDS = 6.0


def times(*, short: int, long: int) -> int:
    """How often a fault is repeated: ``make faults TIMES=n`` says otherwise."""
    return TIMES or (long if LONG else short)


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.499999) - 1))]
