"""Case 4: an inspector is stopped (SIGSTOP) past its session timeout, and goes on (SIGCONT)."""

import time

from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, SESSION_SECONDS, times
from tests.faults.ground import Ground

pytestmark = LAW


def test_an_inspector_that_comes_back_late_commits_nothing_old(ground: Ground) -> None:
    repetitions, refused, recoveries = times(short=1, long=3), 0.0, []
    with (
        ground.inspector() as other,
        ground.inspector() as frozen,
        ground.load(),
        ground.commits() as commits,
    ):
        other.ready()
        frozen.ready()
        for _ in range(repetitions):
            time.sleep(3)
            began = time.monotonic()
            frozen.freeze()
            recoveries.append(commits.recovery(began))
            time.sleep(SESSION_SECONDS)
            frozen.thaw()
            time.sleep(SESSION_SECONDS)
        refused = frozen.metric("patchline_refused_commits_total") or 0.0
        assert frozen.running
        assert frozen.orderly()
        assert commits.never_went_back()
        report = ground.account()
    figure = (
        f"clean over {report['accepted']} frames; no older offset committed, {refused:.0f} late commits "
        f"refused, {report['superseded']} superseded verdicts; taken over after {max(recoveries):.1f} s"
    )
    tell(Figure(4, "freeze", repetitions, figure))
