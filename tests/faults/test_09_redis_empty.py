"""Case 9: Redis restarts empty, and a host without a file of its own joins."""

import json
from datetime import datetime
from pathlib import Path

import redis

from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, times
from tests.faults.ground import Ground

pytestmark = LAW
BOUND = 10.0


def moment(line: str) -> datetime:
    """When a program logged a line."""
    return datetime.fromisoformat(json.loads(line)["timestamp"])


def test_an_empty_redis_is_filled_again_by_the_next_inspector(ground: Ground, tmp_path: Path) -> None:
    repetitions, seconds = times(short=1, long=3), []
    for number in range(repetitions):
        ground.redis_down()
        ground.redis_up()
        fresh = str(tmp_path / f"host-{number}")
        with ground.inspector(PATCHLINE_STORE__CACHE_DIR=fresh) as inspector:
            inspector.ready()
            began = moment(inspector.wait_for_line("extraction worker ready"))
            seconds.append((moment(inspector.wait_for_line("inspector ready")) - began).total_seconds())
            cache = redis.Redis.from_url(ground.installation.cache.url, decode_responses=True)
            lines = {str(key).split(":")[2] for key in cache.keys("patchline:bank:*")}
            cache.close()
            assert lines == {"north", "south"}
            ground.load().send(8)
            ground.account()
    figure = f"both banks fetched, verified and cached again in {max(seconds):.1f} s"
    tell(Figure(9, "redis-empty", repetitions, figure, f"<= {BOUND:g} s", max(seconds) <= BOUND))
