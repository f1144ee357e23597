"""Case 2: SIGTERM while batches are in flight."""

import signal
import time

from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, times
from tests.faults.ground import Ground

pytestmark = LAW
BOUND = 25.0


def test_an_inspector_told_to_stop_in_a_batch_commits_what_it_finished_and_nothing_comes_again(
    ground: Ground,
) -> None:
    repetitions, seconds = times(short=1, long=3), []
    for _ in range(repetitions):
        with ground.inspector() as inspector, ground.commits() as commits:
            inspector.ready()
            ground.load().send(40)
            began = time.monotonic()
            inspector.signal(signal.SIGTERM)
            assert inspector.wait(60) == 0
            seconds.append(time.monotonic() - began)
            committed = commits.now()
        judged = [(v["source"]["partition"], v["source"]["offset"]) for v in ground.verdicts()]
        assert all(offset < committed[partition] for partition, offset in judged)
    with ground.inspector() as last:
        last.ready()
        report = ground.account()
    assert (report["superseded"], report["alerts_repeated"]) == (0, 0)
    figure = f"exit 0 after {max(seconds):.1f} s at most; nothing judged twice, no alert repeated"
    tell(Figure(2, "sigterm", repetitions, figure, f"<= {BOUND:g} s", max(seconds) <= BOUND))
