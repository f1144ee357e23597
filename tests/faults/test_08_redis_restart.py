"""Case 8: Redis is killed and restarted under load."""

import time

from tests.extraction.lines import taught
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, times
from tests.faults.ground import Ground

pytestmark = LAW
OUTAGE_SECONDS = 5.0


def test_scoring_goes_on_without_redis_and_uses_it_again_when_it_is_back(ground: Ground) -> None:
    repetitions, judged, stalls = times(short=1, long=3), [], []
    with ground.inspector() as inspector, ground.load(), ground.commits() as commits:
        inspector.ready()
        ground.caught_up()
        for number in range(repetitions):
            began = time.monotonic()
            ground.redis_down()
            before = len(ground.effective())
            ground.put_in_force(taught("north", 20 + number % 2))
            inspector.wait_for_metric(0, "patchline_bank_cache_up")
            time.sleep(OUTAGE_SECONDS)
            judged.append(len(ground.effective()) - before)
            ground.redis_up()
            ground.put_in_force(taught("north"))
            time.sleep(OUTAGE_SECONDS)
            stalls.append(commits.longest_stall(began, time.monotonic()))
        ground.put_in_force(taught("south", 20))
        inspector.wait_for_metric(1, "patchline_bank_cache_up", 120)
        assert inspector.orderly()
        report = ground.account()
    assert min(judged) > 0
    figure = (
        f"clean over {report['accepted']} frames; {min(judged)} judged in an outage at least, longest stall "
        f"{max(stalls):.1f} s; the gauge fell and rose, the process is the same"
    )
    tell(Figure(8, "redis-restart", repetitions, figure))
