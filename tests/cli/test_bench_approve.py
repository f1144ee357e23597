"""``patchline bench approve``: its quantiles, and a short run of it."""

import asyncio
from typing import Any

import pytest

from service.embedded.server import EmbeddedError
from tests.cli.conftest import Command
from workers.cli.approving import Approving
from workers.cli.bench_approve import quantile
from workers.demo.installation import Installation


def test_a_quantile_is_a_value_that_was_measured() -> None:
    twenty = [float(number) for number in range(1, 21)]
    assert [quantile(twenty, share) for share in (0.5, 0.95, 1.0)] == [10.0, 19.0, 20.0]
    assert (quantile([3.0], 0.5), quantile([], 0.95)) == (3.0, None)


class Lost:
    """An installation of which a program ended for good."""

    until = Installation.until

    def require_alive(self) -> None:
        raise EmbeddedError("the rebuilder ended")


async def test_a_program_that_is_gone_is_not_waited_for() -> None:
    lost: Any = Lost()
    approving = Approving(lost, lost, rate=5.0)
    with pytest.raises(EmbeddedError, match="rebuilder"):
        await asyncio.wait_for(approving._until(lambda: False), 5)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_approvals_are_timed_from_the_request_to_a_verdict_by_the_new_epoch(patchline: Command) -> None:
    told = patchline("bench", "approve", "--approvals", 3, "--parts", 30, "--json").json
    assert told["approvals"] == 3
    assert 0 < told["asked_p50"] < told["judged_p50"] <= told["judged_p95"] == told["judged_max"]
    assert told["build_max"] <= told["told_max"]
