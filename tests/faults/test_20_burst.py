"""Case 20: ten times as many frames for a while."""

import time

from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, times
from tests.faults.ground import RATE, Ground

pytestmark = [*LAW, LONG_ONLY]


def test_a_burst_is_worked_off_in_bounded_memory_and_nothing_is_lost(ground: Ground) -> None:
    seconds = times(short=5, long=60)
    with ground.inspector() as inspector, ground.load():
        inspector.ready()
        ground.caught_up()
        base, peak = inspector.resident(), 0
        with ground.load(9 * RATE):
            for _ in range(seconds):
                time.sleep(1)
                peak = max(peak, inspector.resident())
        ended = time.monotonic()
        report = ground.account()
        drained = time.monotonic() - ended
    assert (report["dropped"], report["dead_lettered"]) == (0, 0)
    figure = (
        f"clean over {report['accepted']} frames; drained and checked {drained:.0f} s after {seconds} s of "
        f"{10 * RATE:g} frames a second; memory {(peak - base) / 2**20:+.0f} MiB"
    )
    tell(Figure(20, "burst", 1, figure))
