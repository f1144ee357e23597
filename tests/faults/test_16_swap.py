"""Case 16: banks are exchanged under load."""

import time
from collections import defaultdict
from typing import Any

from tests.extraction.lines import taught
from tests.faults.delays import delays
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG, percentile, times
from tests.faults.ground import Ground

pytestmark = LAW
REST_SECONDS = 5.0 if LONG else 1.5


def test_banks_exchanged_under_load_mix_in_no_batch_and_leave_no_gap(ground: Ground) -> None:
    swaps = times(short=6, long=120)
    versions = [taught("north", parts) for parts in (24, 20)]
    with ground.inspector() as inspector, ground.load():
        inspector.ready()
        ground.caught_up()
        begin = time.time()
        time.sleep(4 * REST_SECONDS)
        base, moment = inspector.resident(), time.time()
        for number in range(swaps):
            made = ground.activate("north", versions[number % 2].data, versions[number % 2].thresholds)
            time.sleep(REST_SECONDS)
        inspector.wait_for_metric(made.epoch, "patchline_line_epoch", line="north")
        grown = inspector.resident() - base
        report = ground.account()
    verdicts = ground.effective()
    assert one_version_a_batch(verdicts)
    assert epochs_only_grow(verdicts)
    assert len({v["epoch"] for v in verdicts if v["line"] == "north"}) > swaps / 2
    before = percentile(delays(verdicts, begin, moment), 0.99)
    after = percentile(delays(verdicts, moment), 0.99)
    figure = (
        f"clean over {report['accepted']} frames; no batch mixed, epochs only grew; p99 {before:.2f} s "
        f"before and {after:.2f} s during; memory {grown / 2**20:+.0f} MiB"
    )
    tell(Figure(16, "swap", swaps, figure, "p99 rise <= 10 %", after <= 1.1 * before))


def one_version_a_batch(verdicts: list[dict[str, Any]]) -> bool:
    """Verdicts of a batch have their moment in common, to the microsecond."""
    batches = defaultdict(set)
    for verdict in verdicts:
        batches[verdict["line"], verdict["inspected_at"]].add((verdict["epoch"], verdict["bank_version"]))
    return all(len(found) == 1 for found in batches.values())


def epochs_only_grow(verdicts: list[dict[str, Any]]) -> bool:
    """In each partition, as the verdicts lie there: one inspector, one order."""
    epochs = defaultdict(list)
    for verdict in verdicts:
        epochs[verdict["line"], verdict["source"]["partition"]].append(verdict["epoch"])
    return all(found == sorted(found) for found in epochs.values())
