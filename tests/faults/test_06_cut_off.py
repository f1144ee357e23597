"""Case 6: an inspector is cut off from its group's coordinator for longer than its session."""

import time

from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, times
from tests.faults.ground import Ground
from tests.faults.inspecting import Inspecting
from tests.harness.kafka import KafkaCluster

pytestmark = [*LAW, LONG_ONLY]
CUT_SECONDS = 45.0
STALL_SECONDS = 50


def test_an_inspector_that_was_cut_off_says_so_and_inspects_again_unaided(
    ground: Ground, kafka_cluster: KafkaCluster
) -> None:
    repetitions, taken_over, back = times(short=1, long=3), [], []
    with (
        kafka_cluster.proxy() as proxy,
        ground.inspector() as other,
        ground.inspector(
            PATCHLINE_KAFKA__BOOTSTRAP=proxy.address, PATCHLINE_INSPECTOR__STALL_SECONDS=str(STALL_SECONDS)
        ) as cut,
        ground.load(),
        ground.commits() as commits,
    ):
        other.ready()
        cut.ready()
        for _ in range(repetitions):
            inspects(cut)
            began = time.monotonic()
            proxy.hold()
            taken_over.append(commits.recovery(began))
            time.sleep(began + CUT_SECONDS - time.monotonic())
            standing = cut.metric("patchline_standing_seconds") or 0.0
            assert standing > STALL_SECONDS / 2
            assert "no offset was committed" in (cut.complaint() or "")
            proxy.heal()
            healed = time.monotonic()
            inspects(cut)
            back.append(time.monotonic() - healed)
        assert cut.running
        assert cut.orderly()
        assert commits.never_went_back()
        refused = cut.metric("patchline_refused_commits_total") or 0.0
        report = ground.account()
    figure = (
        f"clean over {report['accepted']} frames; taken over after {max(taken_over):.1f} s, its stall metric "
        f"at {standing:.0f} s and /readyz 503 when the network came back, judging again {max(back):.1f} s "
        f"later unaided; {refused:.0f} late commits refused, {report['superseded']} superseded verdicts"
    )
    tell(Figure(6, "cut-off", repetitions, figure))


def inspects(inspector: Inspecting, seconds: float = 120.0) -> None:
    """Return when it has judged frames since the call."""
    before, deadline = inspector.total("patchline_frames_total"), time.monotonic() + seconds
    while inspector.total("patchline_frames_total") < before + 3:
        assert time.monotonic() < deadline, f"it judges nothing: {inspector.output()[-3000:]}"
        time.sleep(0.2)
