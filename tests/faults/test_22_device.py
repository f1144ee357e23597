"""Case 22: the device has too little memory for a full batch, fails, or hangs."""

import signal
import time
from pathlib import Path

from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, times
from tests.faults.ground import Ground
from tests.faults.test_14_poison import POISONED

pytestmark = [*LAW, LONG_ONLY]
WATCHDOG_SECONDS = 10
RESTARTS = "patchline_extraction_restarts_total"


def test_a_batch_that_is_too_much_for_the_devices_memory_is_split(ground: Ground, tmp_path: Path) -> None:
    small, seconds = tmp_path / "small", times(short=20, long=60)
    with ground.inspector(POISONED, SMALL_DEVICE=str(small)) as inspector, ground.load():
        inspector.ready()
        ground.caught_up()
        small.touch()
        ground.load().send(32)
        time.sleep(seconds)
        report = ground.account()
        assert inspector.metric(RESTARTS) is None
        split = inspector.output().count("batch failed; its frames are tried one at a time")
    assert report["dead_lettered"] == 0
    assert split > 0
    figure = (
        f"out of memory at every batch of two or more: {split} split, clean over {report['accepted']} frames"
    )
    tell(Figure(22, "out-of-memory", 1, figure))


def test_a_device_that_failed_once_has_its_worker_replaced_and_no_frame_is_blamed(
    ground: Ground, tmp_path: Path
) -> None:
    failing, repetitions, seconds = tmp_path / "failing", times(short=1, long=3), []
    with (
        ground.inspector(POISONED, FAILING_DEVICE=str(failing)) as inspector,
        ground.load(),
        ground.commits() as commits,
    ):
        inspector.ready()
        ground.caught_up()
        for _ in range(repetitions):
            began = time.monotonic()
            failing.touch()
            while failing.exists():
                time.sleep(0.05)
            time.sleep(1)
            seconds.append(commits.recovery(began + 1) + 1)
        restarts = inspector.total(RESTARTS)
        report = ground.account()
    assert report["dead_lettered"] == 0
    assert restarts == repetitions
    figure = (
        f"a device error that stays with its process: {restarts:.0f} workers replaced, moving again after "
        f"{max(seconds):.1f} s, no frame blamed; clean over {report['accepted']} frames"
    )
    tell(Figure(22, "device-error", repetitions, figure))


def test_a_worker_that_hangs_is_replaced_by_the_watchdog_and_its_frames_are_judged(ground: Ground) -> None:
    repetitions, seconds = times(short=1, long=3), []
    environment = {"PATCHLINE_ENGINE__SCORE_TIMEOUT_SECONDS": str(WATCHDOG_SECONDS)}
    with ground.inspector(**environment) as inspector, ground.load(), ground.commits() as commits:
        inspector.ready()
        for _ in range(repetitions):
            time.sleep(5)
            began = time.monotonic()
            inspector.extraction().send_signal(signal.SIGSTOP)
            time.sleep(WATCHDOG_SECONDS)
            seconds.append(commits.recovery(began + 1) + 1)
        assert inspector.running
        report = ground.account()
    assert report["dead_lettered"] == 0
    figure = (
        f"clean over {report['accepted']} frames; moving again {max(seconds):.1f} s after the hang began, "
        f"with a watchdog of {WATCHDOG_SECONDS} s"
    )
    tell(Figure(22, "hang", repetitions, figure))
