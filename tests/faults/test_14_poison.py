"""Case 14: a frame that kills the extraction worker; and a device that is broken itself."""

import time
from pathlib import Path

from schemas.reasons import DeadLetterReason
from tests.faults.clients import camera
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, times
from tests.faults.ground import Ground
from tests.faults.load import GOOD
from tests.faults.png import chunk, with_chunks
from tests.faults.poisoned_extraction import MARK
from workers.inspector.tries import MAX_TRIES

pytestmark = LAW
POISONED = "tests.faults.poisoned_inspector"
BOUND = 30.0
POISON = with_chunks(GOOD[0], chunk(b"tEXt", b"Comment\0" + MARK))


def send_poison(ground: Ground, name: str) -> None:
    """A picture that is read well, with the mark in a comment."""
    producer = camera(ground.settings.kafka.bootstrap)
    topic = f"{ground.settings.kafka.topic_prefix}frames"
    header = ("frame-id", f"{ground.name}-{name}".encode())
    producer.produce(topic, key=b"north", value=POISON, partition=0, headers=[header])
    assert producer.flush(30) == 0


def test_a_frame_that_kills_workers_is_set_aside_after_three_tries_and_the_rest_go_on(ground: Ground) -> None:
    repetitions, seconds = times(short=1, long=3), []
    with ground.inspector(POISONED) as inspector, ground.load(), ground.commits() as commits:
        inspector.ready()
        for number in range(repetitions):
            send_poison(ground, f"poison-{number}")
            began, sent = time.monotonic(), commits.ends()[0]
            while commits.now()[0] < sent:
                assert time.monotonic() < began + 240, inspector.output()[-2000:]
                time.sleep(0.2)
            seconds.append(time.monotonic() - began)
        report = ground.account()
        restarts = inspector.metric("patchline_extraction_restarts_total")
    assert report["dead_lettered"] == repetitions
    letters = ground.dead_letters()
    assert {letter.reason for letter in letters} == {DeadLetterReason.KILLS_WORKER}
    figure = (
        f"{repetitions} set aside as kills-worker, {report['scored']} others judged rightly; the partition "
        f"moved again after {max(seconds):.1f} s; {restarts or 0:.0f} worker starts"
    )
    tell(Figure(14, "poison", repetitions, figure, f"<= {BOUND:g} s", max(seconds) <= BOUND))


def test_a_frame_that_ends_its_inspectors_too_is_found_by_the_count_that_outlives_them(
    ground: Ground,
) -> None:
    send_poison(ground, "murderer")
    deaths = 0
    while not ground.dead_letters():
        with ground.inspector(POISONED, INSPECTOR_DIES="1") as inspector, ground.commits() as commits:
            sent = commits.ends()[0]
            while inspector.running and commits.now()[0] < sent:
                time.sleep(0.2)
            deaths += not inspector.running
        assert deaths <= MAX_TRIES + 1
    with ground.inspector(POISONED) as inspector:
        inspector.ready()
        report = ground.account()
    assert report["dead_lettered"] == 1
    tell(Figure(14, "poison-and-inspector", 1, f"set aside after {deaths} inspectors died with it"))


def test_a_broken_device_blames_no_frame(ground: Ground, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    with ground.inspector(POISONED, BROKEN_DEVICE=str(broken)) as inspector, ground.load():
        inspector.ready()
        time.sleep(2)
        broken.touch()
        inspector.wait_for_line("the device does not work", 120)
        before = len(ground.verdicts())
        time.sleep(10)
        during = len(ground.verdicts()) - before
        broken.unlink()
        report = ground.account()
    assert report["dead_lettered"] == 0
    assert during == 0
    tell(Figure(14, "broken-device", 1, f"no frame blamed, {report['scored']} judged once it was back"))
