"""Case 5: the broker is killed, stays away, and comes back."""

import time

from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, times
from tests.faults.ground import Ground
from tests.harness.kafka import KafkaCluster

pytestmark = [*LAW, LONG_ONLY]
BOUND = 60.0
AWAY_SECONDS = 60.0


def test_inspectors_go_on_after_a_broker_outage_or_end_and_are_started_again(
    ground: Ground, kafka_cluster: KafkaCluster
) -> None:
    repetitions, seconds, starts = times(short=1, long=2), [], 0
    inspector = ground.inspector()
    with inspector, ground.load(), ground.commits() as commits:
        inspector.ready()
        for _ in range(repetitions):
            time.sleep(3)
            kafka_cluster.kill(0)
            time.sleep(AWAY_SECONDS)
            kafka_cluster.revive(0)
            back = time.monotonic()
            time.sleep(5)
            if not inspector.running:
                # What a supervisor does.
                assert inspector.wait() == 1, inspector.output()[-2000:]
                inspector.stop()
                inspector.start()
                starts += 1
            seconds.append(commits.recovery(back))
        report = ground.account()
    figure = (
        f"clean over {report['accepted']} frames; moving again {max(seconds):.1f} s after {AWAY_SECONDS:g} s "
        f"without the only broker; {starts} ended with exit 1 and were started again"
    )
    tell(Figure(5, "broker-restart", repetitions, figure, f"<= {BOUND:g} s", max(seconds) <= BOUND))
