"""Case 3: the number of inspectors changes under load."""

import time
from contextlib import ExitStack

from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG, percentile, times
from tests.faults.ground import Ground

pytestmark = LAW
BOUND = 5.0
MOST, REST_SECONDS = (4, 30.0) if LONG else (2, 5.0)


def test_inspectors_that_come_and_go_under_load_lose_nothing_and_stall_briefly(ground: Ground) -> None:
    rounds, changes = times(short=1, long=3), []
    with ground.inspector() as first, ground.load(), ground.commits() as commits:
        first.ready()
        ground.caught_up()
        for _ in range(rounds):
            with ExitStack() as stack:
                for _ in range(MOST - 1):
                    more = stack.enter_context(ground.inspector())
                    more.wait_for_line("inspector ready", 180)
                    changes.append(time.monotonic() - 1)
                    time.sleep(REST_SECONDS)
                    assert more.orderly()
                changes.append(time.monotonic())
            time.sleep(REST_SECONDS)
        stalls = [commits.longest_stall(moment, moment + REST_SECONDS) for moment in changes]
        assert commits.never_went_back()
        assert first.orderly()
        report = ground.account()
    p99 = percentile(stalls, 0.99)
    figure = f"clean over {report['accepted']} frames, {len(changes)} changes; longest stall {p99:.1f} s"
    tell(Figure(3, "scale", rounds, figure, f"stall p99 <= {BOUND:g} s", p99 <= BOUND))
