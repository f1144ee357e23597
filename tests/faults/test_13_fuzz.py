"""Case 13: thousands of damaged pictures on the extraction worker as it runs."""

from pathlib import Path

import psutil
import pytest

from service.settings import EngineSettings, Settings
from tests.extraction.lines import SIZE, on_disk
from tests.faults.figures import Figure, tell
from tests.faults.form import LONG, times
from tests.images.test_fuzz import SPECIMENS, damaged
from tests.parts import draw_part, encode_jpeg, encode_png
from workers.extraction.client import ExtractionClient
from workers.extraction.forks import Forks
from workers.extraction.protocol import FrameIn, Judged, Outcome, Unfit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(7_200 if LONG else 600),
    pytest.mark.skipif(not LONG, reason="make faults runs it; make test decodes 500"),
]
AT_ONCE = 8
BOUND_MIB = 64
# Every format and depth; and as often parts of the line's own kind, which are judged where they can be read.
PARTS = [
    (f"part-{n}", encode(draw_part(n, size=SIZE))) for n in range(8) for encode in (encode_jpeg, encode_png)
]
AMONG = SPECIMENS + PARTS


def told(outcome: Outcome) -> tuple[object, ...]:
    """What must be the same twice."""
    if isinstance(outcome, Judged):
        return "judged", outcome.verdict
    return ("unfit", outcome.reason) if isinstance(outcome, Unfit) else ("unreadable", outcome.reason)


async def test_each_damaged_picture_is_judged_or_refused_the_same_way_twice(tmp_path: Path) -> None:
    count = times(short=200, long=10_000)
    forks = Forks()
    worker = await ExtractionClient.start(forks, Settings(engine=EngineSettings(threads=1)))
    try:
        bank = on_disk(tmp_path, "north")
        assert await worker.load(str(bank.path), bank.activation.to_bytes(), 60) is None
        first: dict[int, list[tuple[object, ...]]] = {}
        grown = []
        for turn in range(2):
            for begin in range(0, count, AT_ONCE):
                frames = [FrameIn("north", damaged(seed, AMONG)) for seed in range(begin, begin + AT_ONCE)]
                outcomes = [told(outcome) for outcome in await worker.score(frames, 120)]
                assert len(outcomes) == len(frames)
                assert turn == 0 or outcomes == first[begin]
                first[begin] = outcomes
            grown.append(psutil.Process(worker.pid).memory_info().rss / 2**20)
        assert not worker.dead
    finally:
        await worker.stop()
        await forks.stop()
    kinds = [outcome[0] for outcomes in first.values() for outcome in outcomes]
    shares = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("judged", "unfit", "unreadable"))
    growth = grown[1] - grown[0]
    figure = f"{len(kinds)} pictures twice: {shares}; no crash, equal outcomes; memory {growth:+.0f} MiB"
    tell(Figure(13, "fuzz", 2, figure, f"growth <= {BOUND_MIB} MiB", growth <= BOUND_MIB))
