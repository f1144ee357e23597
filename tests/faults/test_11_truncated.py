"""Case 11: a truncated JPEG right after a defective frame of another line."""

from pathlib import Path

from schemas.reasons import DeadLetterReason
from tests.extraction.lines import SIZE
from tests.faults.clients import camera
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, times
from tests.faults.ground import Ground
from tests.parts import draw_part, encode_jpeg

pytestmark = LAW
DEFECT = encode_jpeg(draw_part(900, "spot", size=SIZE))
CUT = encode_jpeg(draw_part(1, size=SIZE))[:-400]


def test_a_truncated_picture_is_set_aside_and_shows_nothing_of_the_one_before(ground: Ground) -> None:
    pairs = times(short=20, long=200)
    producer = camera(ground.settings.kafka.bootstrap)
    topic = f"{ground.settings.kafka.topic_prefix}frames"
    for number in range(pairs):
        for line, data in ((b"north", DEFECT), (b"south", CUT)):
            header = ("frame-id", f"{ground.name}-{line.decode()}-{number}".encode())
            producer.produce(topic, key=line, value=data, partition=0, headers=[header])
    assert producer.flush(30) == 0
    kept = pictures(ground, "south")
    # Nothing but bad input opens the line's breaker, which case 15 is about.
    patience = {"PATCHLINE_BREAKER__RUN_LENGTH": "1000", "PATCHLINE_BREAKER__WINDOW": "1000"}
    with ground.inspector(**patience) as inspector:
        inspector.ready()
        report = ground.account()
    assert (report["scored"], report["dead_lettered"]) == (pairs, pairs)
    letters = ground.dead_letters()
    assert {letter.reason for letter in letters} == {DeadLetterReason.TRUNCATED}
    judged = ground.effective()
    assert {verdict["line"] for verdict in judged} == {"north"}
    assert len({verdict["score"] for verdict in judged}) == 1
    assert pictures(ground, "south") == kept
    figure = f"{pairs} truncated set aside, no verdict and no picture of theirs; {pairs} defects score alike"
    tell(Figure(11, "truncated", pairs, figure))


def pictures(ground: Ground, line: str) -> set[Path]:
    """What the store has of a line's frames and heatmaps."""
    store = Path(ground.settings.store.url.removeprefix("file://"))
    return {p for kind in ("frames", "heatmaps") for p in (store / kind / line).rglob("*") if p.is_file()}
