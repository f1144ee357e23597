"""``patchline bench approve``: its quantiles, and a short run of it."""

import pytest

from tests.cli.conftest import Command
from workers.cli.bench_approve import quantile


def test_a_quantile_is_a_value_that_was_measured() -> None:
    twenty = [float(number) for number in range(1, 21)]
    assert [quantile(twenty, share) for share in (0.5, 0.95, 1.0)] == [10.0, 19.0, 20.0]
    assert (quantile([3.0], 0.5), quantile([], 0.95)) == (3.0, None)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_approvals_are_timed_from_the_request_to_a_verdict_by_the_new_epoch(patchline: Command) -> None:
    told = patchline("bench", "approve", "--approvals", 3, "--parts", 30, "--json").json
    assert told["approvals"] == 3
    assert 0 < told["asked_p50"] < told["judged_p50"] <= told["judged_p95"] == told["judged_max"]
    assert told["build_max"] <= told["told_max"]
