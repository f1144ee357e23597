"""Case 20: ten times as many frames for a while, on one partition; a quiet line lies in both."""

import time

from tests.faults.delays import delays
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, percentile, times
from tests.faults.ground import RATE, Ground

pytestmark = [*LAW, LONG_ONLY]
CALM_SECONDS = 30
BOUND = 2.0
# A p99 of some hundredths of a second varies by as much.
SLACK_SECONDS = 0.05


def test_a_burst_is_worked_off_in_bounded_memory_and_holds_up_only_its_partition(ground: Ground) -> None:
    seconds = times(short=5, long=300)
    # Loads 0 to 2, by which their frames are told apart.
    busy = ground.load(RATE / 3, lines=("north",), partitions=(0,))
    beside = ground.load(RATE / 3, lines=("south",), partitions=(0,))
    elsewhere = ground.load(RATE / 3, lines=("south",), partitions=(1,))
    with ground.inspector() as inspector, busy, beside, elsewhere:
        inspector.ready()
        ground.caught_up()
        calm = time.time()
        time.sleep(CALM_SECONDS)
        base, peak, struck = inspector.resident(), 0, time.time()
        with ground.load(9 * RATE, lines=("north",), partitions=(0,)):
            for _ in range(seconds):
                time.sleep(1)
                peak = max(peak, inspector.resident())
        over, ended = time.time(), time.monotonic()
        ground.caught_up(1800)
        drained = time.monotonic() - ended
        report = ground.account()
    assert (report["dropped"], report["dead_lettered"]) == (0, 0)
    effective = ground.effective()

    def p99(load: int, begin: float, end: float) -> float:
        return percentile(delays(effective, begin, end, f"{ground.name}.{load}-"), 0.99)

    before, during = p99(2, calm, struck), p99(2, struck, over)
    figure = (
        f"clean over {report['accepted']} frames; drained {drained:.0f} s after {seconds} s of "
        f"{10 * RATE:g} frames a second; memory {(peak - base) / 2**20:+.0f} MiB; a quiet line's p99 in the "
        f"other partition {before:.2f} s before and {during:.2f} s during; in the same partition it waited "
        f"{p99(1, struck, over):.1f} s (before: {p99(1, calm, struck):.2f} s)"
    )
    held = during <= BOUND * before + SLACK_SECONDS
    tell(Figure(20, "burst", 1, figure, f"quiet line's p99 <= {BOUND:g} x", held))
