"""Case 22: the device hangs: the extraction worker is stopped (SIGSTOP) in the middle of its work."""

import signal
import time

from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, times
from tests.faults.ground import Ground

pytestmark = [*LAW, LONG_ONLY]
WATCHDOG_SECONDS = 10


def test_a_worker_that_hangs_is_replaced_by_the_watchdog_and_its_frames_are_judged(ground: Ground) -> None:
    repetitions, seconds = times(short=1, long=3), []
    environment = {"PATCHLINE_ENGINE__SCORE_TIMEOUT_SECONDS": str(WATCHDOG_SECONDS)}
    with ground.inspector(**environment) as inspector, ground.load(), ground.commits() as commits:
        inspector.ready()
        for _ in range(repetitions):
            time.sleep(5)
            began = time.monotonic()
            inspector.extraction().send_signal(signal.SIGSTOP)
            time.sleep(WATCHDOG_SECONDS)
            seconds.append(commits.recovery(began + 1) + 1)
        assert inspector.running
        report = ground.account()
    assert report["dead_lettered"] == 0
    figure = (
        f"clean over {report['accepted']} frames; moving again {max(seconds):.1f} s after the hang began, "
        f"with a watchdog of {WATCHDOG_SECONDS} s"
    )
    tell(Figure(22, "hang", repetitions, figure))
