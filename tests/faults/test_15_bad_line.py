"""Case 15: nothing but bad input on one line, for ten minutes."""

import json
import time
from datetime import UTC, datetime

from schemas.reasons import DeadLetterReason, FaultReason
from service.settings import Settings
from tests.faults.delays import delays
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG, percentile
from tests.faults.ground import RATE, Ground
from tests.faults.test_11_truncated import CUT

pytestmark = LAW
SECONDS = 600 if LONG else 15


def test_a_line_of_bad_input_trips_its_own_breaker_and_holds_up_no_other(ground: Ground) -> None:
    limit = Settings().breaker.run_length
    with ground.inspector() as inspector, ground.load(lines=("south",)):
        inspector.ready()
        ground.caught_up()
        calm = time.time()
        time.sleep(8)
        struck = time.time()
        # In the same partitions as the good line's frames.
        with ground.load(RATE, lines=("north",), pictures=((CUT, None),)) as bad:
            inspector.wait_for_metric(1, "patchline_breaker_open", line="north")
            time.sleep(SECONDS)
        report = ground.account()
        assert inspector.metric("patchline_breaker_open", line="south") in (None, 0)
        assert inspector.metric("patchline_extraction_restarts_total") is None
    effective = ground.effective()
    faults = [v for v in effective if v["line"] == "north"]
    letters = ground.dead_letters()
    assert {v["reason"] for v in faults} == {FaultReason.BREAKER_OPEN.value}
    assert all(v["frame_url"] is not None for v in faults)
    assert {letter.reason for letter in letters} == {DeadLetterReason.TRUNCATED}
    assert len(faults) + len(letters) == bad.sent
    assert limit <= len(letters) <= limit + 64  # those that were in flight when it opened
    assert replayable(ground) == len(faults)
    assert alarms(ground) == ["north"]
    before = percentile(delays(effective, calm, struck, f"{ground.name}.0"), 0.99)
    during = percentile(delays(effective, struck, name=f"{ground.name}.0"), 0.99)
    figure = (
        f"{len(letters)} dead letters, then {len(faults)} faults with stored, replayable frames in "
        f"{SECONDS} s; clean over {report['accepted']} frames; the other line in the same partitions: all "
        f"judged, p99 {before:.2f} s before and {during:.2f} s during"
    )
    tell(Figure(15, "bad-line", 1, figure))


def replayable(ground: Ground) -> int:
    """How many frames of the line a replay would send again."""
    since = datetime.fromtimestamp(ground.began, UTC).isoformat()
    arguments = ("--reason", "breaker-open", "--since", since, "--limit", "100000", "--dry-run", "--json")
    ended = ground.installation.patchline("replay", "north", *arguments)
    assert ended.returncode == 0, ended.stderr
    return len(json.loads(ended.stdout)["frames"])


def alarms(ground: Ground) -> list[str]:
    """The lines whose breaker was told to have opened since the case began."""
    events = [json.loads(value) for value, _ in ground.records("line-events", since=True)]
    return sorted(e["line"] for e in events if e["kind"] == "breaker" and e["breaker_open"])
