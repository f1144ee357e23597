"""Case 18: banks of 500 MB are put in force on one line, in turn, while frames of others are scored."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from service.embedded.server import free_port
from service.training.built import BuiltBank
from service.training.thresholds import Rates
from tests.extraction.lines import taught
from tests.faults.delays import delays
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, percentile, times
from tests.faults.ground import Ground
from tests.faults.load import LINES
from tests.harness.proxy import Proxy, Way
from tests.harness.topics import unique_prefix
from tests.system.installation import installed

pytestmark = [*LAW, LONG_ONLY]
BANK_BYTES = 500_000_000
LAG_SECONDS, TRANSFERS = 0.1, 1.2
LAG = "patchline_event_loop_lag_seconds"


@pytest.fixture
def roomy(kafka_bootstrap: str, tmp_path: Path) -> Iterator[Ground]:
    """An installation of its own, whose cache has room for the bank."""
    with installed(tmp_path, kafka_bootstrap, unique_prefix(), cache_bytes=2 * BANK_BYTES) as made:
        ground = Ground(made, "18_large_bank")
        ground.put_in_force(*(taught(line) for line in LINES))
        yield ground


def large(number: int) -> BuiltBank:
    """A bank of that many bytes; nobody sends frames to its line."""
    built = taught("north")
    bank, rng = built.memory_bank, np.random.default_rng(number)
    count = BANK_BYTES // (2 * bank.dim + 4)
    block = rng.standard_normal((10_000, bank.dim)).astype(np.float16)
    vectors = np.tile(block, (count // len(block) + 1, 1))[:count]
    bank = replace(bank, vectors=vectors, vector_part=np.zeros(count, dtype=np.int32))
    return BuiltBank.of(bank, built.manifest.model_copy(update={"line": "large"}), {}, Rates())


def test_a_large_bank_loads_beside_scoring_and_is_carried_once(roomy: Ground) -> None:
    repetitions, seconds = times(short=1, long=3), []
    with (
        Proxy(free_port(), roomy.installation.cache.port) as cache,
        roomy.inspector(PATCHLINE_REDIS__URL=f"redis://{cache.address}/0") as inspector,
        roomy.load(),
    ):
        inspector.ready()
        roomy.caught_up()
        rebalances = inspector.metric("patchline_rebalances_total")
        lag, calm, carried = inspector.histogram(LAG), time.time(), cache.passed(Way.TO_CLIENT)
        time.sleep(10)
        struck = time.time()
        for number in range(repetitions):
            bank = large(number)
            began = time.monotonic()
            roomy.put_in_force(bank)
            inspector.wait_for_metric(number + 1, "patchline_line_epoch", 180, line="large")
            seconds.append(time.monotonic() - began)
        late = inspector.histogram(LAG) - lag
        carried = cache.passed(Way.TO_CLIENT) - carried
        assert inspector.metric("patchline_rebalances_total") == rebalances
        assert inspector.metric("patchline_extraction_restarts_total") is None
        assert inspector.orderly()
        # All of it came through the cache.
        assert not [
            line for line in inspector.output().splitlines() if "bank-fetched" in line and "large" in line
        ]
        report = roomy.account()
    effective = roomy.effective()
    before = percentile(delays(effective, calm, struck), 0.99)
    during = percentile(delays(effective, struck), 0.99)
    share, worst = carried / repetitions / len(bank.data), bound_of(late, 0.99)
    figure = (
        f"{repetitions} banks of {len(bank.data) / 1e6:.0f} MB in force {max(seconds):.1f} s after their "
        f"publishing began; event-loop lag p99 <= {worst * 1000:g} ms, no rebalance; {share:.2f} x the bank "
        f"carried; clean over {report['accepted']} frames, p99 {before:.2f} s before and "
        f"{during:.2f} s during"
    )
    held = worst <= LAG_SECONDS and share <= TRANSFERS
    bound = f"lag p99 <= {LAG_SECONDS * 1000:g} ms, transfers <= {TRANSFERS:g} x"
    tell(Figure(18, "large-bank", repetitions, figure, bound, held))


def bound_of(histogram: "Counter[float]", share: float) -> float:
    """The smallest bound that at least this share of the observations does not exceed."""
    every = max(histogram.values())
    return min(bound for bound, count in histogram.items() if count >= share * every)
