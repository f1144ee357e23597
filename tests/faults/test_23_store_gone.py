"""Case 23: the object store's disk takes nothing more: its folder is away, and a file is in its place."""

import time
from pathlib import Path

from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, times
from tests.faults.ground import Ground

pytestmark = [*LAW, LONG_ONLY]
AWAY_SECONDS = 15.0


def test_nothing_is_said_of_a_frame_whose_picture_cannot_be_kept_and_nothing_is_lost(ground: Ground) -> None:
    repetitions, seconds, said = times(short=1, long=3), [], []
    store = Path(ground.settings.store.url.removeprefix("file://"))
    aside = store.with_name("store-aside")
    with ground.inspector() as inspector, ground.load(), ground.commits() as commits:
        inspector.ready()
        for _ in range(repetitions):
            time.sleep(3)
            store.rename(aside)
            store.touch()
            time.sleep(2)
            before = len(ground.verdicts())
            time.sleep(AWAY_SECONDS)
            said.append(len(ground.verdicts()) - before)
            store.unlink()
            aside.rename(store)
            seconds.append(commits.recovery(time.monotonic()))
        assert inspector.running
        report = ground.account()
    assert max(said) == 0
    figure = (
        f"clean over {report['accepted']} frames; no verdict in {AWAY_SECONDS:g} s without a store, moving "
        f"again {max(seconds):.1f} s after it came back, unaided"
    )
    tell(Figure(23, "store-gone", repetitions, figure))
