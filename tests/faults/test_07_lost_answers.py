"""Case 7: the broker takes what the producer sends, and its answers are lost."""

import json
import time
from datetime import datetime

from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, times
from tests.faults.ground import Ground
from tests.faults.inspecting import Inspecting
from tests.faults.test_06_cut_off import inspects
from tests.harness.kafka import KafkaCluster
from tests.harness.proxy import Proxy, Way

pytestmark = [*LAW, LONG_ONLY]
DELIVERY_SECONDS = 8.0
# Without them there would be nothing to send: no fetch has an answer either.
IN_HAND = 48
# Well within the deadline, and beyond it.
BRIEF, LONG = 2.0, 20.0


def test_no_alert_is_lost_with_its_answer_and_none_is_doubled_within_a_producer_session(
    ground: Ground, kafka_cluster: KafkaCluster
) -> None:
    repetitions, refused = times(short=1, long=3), []
    with (
        kafka_cluster.proxy() as proxy,
        ground.inspector(
            PATCHLINE_KAFKA__BOOTSTRAP=proxy.address, PATCHLINE_KAFKA__DELIVERY_SECONDS=str(DELIVERY_SECONDS)
        ) as inspector,
        ground.load(),
        ground.commits() as commits,
    ):
        inspector.ready()
        inspects(inspector)
        for _ in range(repetitions):
            lose_answers(ground, proxy, BRIEF)
            inspects(inspector)
        brief = doubled(ground)
        assert "not acknowledged" not in inspector.output()
        for _ in range(repetitions):
            lost = time.time()
            lose_answers(ground, proxy, LONG)
            refused.append(first_refusal(inspector, lost))
            inspects(inspector)
        assert inspector.running
        assert commits.never_went_back()
        report = ground.account()
    assert brief == 0
    assert proxy.dropped(Way.TO_CLIENT) > 0
    figure = (
        f"clean over {report['accepted']} frames; {repetitions} times {BRIEF:g} s without answers: nothing "
        f"doubled; {repetitions} times {LONG:g} s: {report['superseded']} superseded verdicts, "
        f"{report['alerts_repeated']} alerts repeated to the byte; given up after {max(refused):.1f} s"
    )
    bound = DELIVERY_SECONDS + 2
    held = max(refused) <= bound
    tell(Figure(7, "lost-answers", repetitions, figure, f"deadline {DELIVERY_SECONDS:g} s", held))


def lose_answers(ground: Ground, proxy: Proxy, seconds: float) -> None:
    """With frames in hand: requests arrive, answers do not. Then every connection ends, as what is left of
    them is no stream."""
    ground.load().send(IN_HAND)
    time.sleep(0.5)
    proxy.drop(Way.TO_CLIENT)
    time.sleep(seconds)
    proxy.heal()


def doubled(ground: Ground) -> int:
    """Verdicts beyond the first of their frame."""
    sources = [(v["source"]["partition"], v["source"]["offset"]) for v in ground.verdicts()]
    return len(sources) - len(set(sources))


def first_refusal(inspector: Inspecting, since: float) -> float:
    """Seconds from the moment until an effect was given up as not acknowledged; its frame came later still,
    so this is an upper bound of what the send was given."""
    for line in inspector.output().splitlines():
        if "effect not acknowledged" in line:
            moment = datetime.fromisoformat(json.loads(line)["timestamp"]).timestamp()
            if moment >= since:
                return moment - since
    raise AssertionError(f"no send was given up: {inspector.output()[-3000:]}")
