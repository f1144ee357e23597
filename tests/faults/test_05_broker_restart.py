"""Case 5: three brokers restart one after the other; then all are away, and come back."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.extraction.lines import taught
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, times
from tests.faults.ground import Ground
from tests.faults.load import LINES
from tests.harness.kafka import KafkaCluster
from tests.harness.topics import unique_prefix
from tests.system.installation import installed

pytestmark = [*LAW, LONG_ONLY]
BROKERS = 3
BOUND = 60.0
AWAY_SECONDS = 60.0


@pytest.fixture
def quorum() -> Iterator[KafkaCluster]:
    """Three brokers; the topics that they make themselves have three replicas, of which two must answer."""
    with KafkaCluster(BROKERS) as cluster:
        yield cluster


@pytest.fixture
def quorate(quorum: KafkaCluster, tmp_path: Path) -> Iterator[Ground]:
    """An installation whose topics have three replicas."""
    with installed(tmp_path, quorum.bootstrap, unique_prefix(), replication=BROKERS) as made:
        ground = Ground(made, "05_broker_restart")
        ground.put_in_force(*(taught(line) for line in LINES))
        yield ground


def test_inspectors_go_on_while_brokers_restart_and_after_all_were_away(
    quorate: Ground, quorum: KafkaCluster
) -> None:
    repetitions, rolled, back, starts = times(short=1, long=2), [], [], 0
    inspector = quorate.inspector()
    with inspector, quorate.load(), quorate.commits() as commits:
        inspector.ready()
        quorate.caught_up()
        for _ in range(repetitions):
            for number in range(BROKERS):
                began = time.monotonic()
                quorum.end(number)
                rolled.append(commits.recovery(began))
                quorum.revive(number)
            for number in range(BROKERS):
                quorum.kill(number)
            time.sleep(AWAY_SECONDS)
            quorum.revive(*range(BROKERS))
            began = time.monotonic()
            time.sleep(5)
            if not inspector.running:
                # What a supervisor does.
                assert inspector.wait() == 1, inspector.output()[-2000:]
                inspector.stop()
                inspector.start()
                starts += 1
            back.append(commits.recovery(began))
        report = quorate.account()
        assert commits.never_went_back()
    slowest = max(rolled + back)
    figure = (
        f"clean over {report['accepted']} frames with replication 3; moving again {max(rolled):.1f} s after "
        f"a broker was told to end, {max(back):.1f} s after all were back from {AWAY_SECONDS:g} s away; "
        f"{report['superseded']} superseded verdicts, {report['alerts_repeated']} alerts repeated; {starts} "
        "ended with exit 1 and were started again"
    )
    tell(Figure(5, "broker-restart", repetitions, figure, f"<= {BOUND:g} s", slowest <= BOUND))
