"""Case 23: the disk is full: that of the object store, of the local cache, of the broker."""

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
from tests.harness.small_disk import fill, free, require_small_disk, small_disk
from tests.harness.topics import unique_prefix
from tests.system.installation import Installation, installed

pytestmark = [*LAW, LONG_ONLY]
FULL_SECONDS = 15.0
STORE_BYTES, CACHE_BYTES, BROKER_BYTES = 96 * 2**20, 4 * 2**20, 128 * 2**20


@pytest.fixture
def store_disk(kafka_bootstrap: str, tmp_path: Path) -> Iterator[tuple[Ground, Path]]:
    """An installation whose object store has a disk of its own."""
    require_small_disk()
    with (
        small_disk(tmp_path / "disk", STORE_BYTES) as disk,
        installed(disk, kafka_bootstrap, unique_prefix()) as made,
    ):
        yield settled(made), disk


@pytest.fixture
def broker_disk(tmp_path: Path) -> Iterator[tuple[KafkaCluster, Path]]:
    """A broker whose log has a disk of its own."""
    require_small_disk()
    with small_disk(tmp_path / "disk", BROKER_BYTES) as disk, KafkaCluster(home=disk) as cluster:
        yield cluster, disk


def settled(made: Installation) -> Ground:
    """Banks are in force on both lines."""
    ground = Ground(made, "23_full_disks")
    ground.put_in_force(*(taught(line) for line in LINES))
    return ground


def test_nothing_is_said_of_a_frame_whose_picture_cannot_be_kept_and_nothing_is_lost(
    store_disk: tuple[Ground, Path], tmp_path: Path
) -> None:
    ground, disk = store_disk
    repetitions, seconds, said = times(short=1, long=3), [], []
    elsewhere = {"PATCHLINE_STORE__CACHE_DIR": str(tmp_path / "cache")}
    with ground.inspector(**elsewhere) as inspector, ground.load(), ground.commits() as commits:
        inspector.ready()
        for _ in range(repetitions):
            time.sleep(3)
            fill(disk)
            inspector.wait_for_line("effect not acknowledged", 60)
            time.sleep(2)
            before = len(ground.verdicts())
            time.sleep(FULL_SECONDS)
            said.append(len(ground.verdicts()) - before)
            free(disk)
            seconds.append(commits.recovery(time.monotonic()))
        assert inspector.running
        report = ground.account()
    assert max(said) == 0
    figure = (
        f"object store: clean over {report['accepted']} frames; no verdict in {FULL_SECONDS:g} s on a full "
        f"disk, moving again {max(seconds):.1f} s after there was room, unaided"
    )
    tell(Figure(23, "object-store", repetitions, figure))


def test_a_line_keeps_its_bank_while_the_local_cache_has_no_room_for_the_next(
    ground: Ground, tmp_path: Path
) -> None:
    require_small_disk()
    repetitions, seconds = times(short=1, long=3), []
    with (
        small_disk(tmp_path / "disk", CACHE_BYTES) as disk,
        ground.inspector(PATCHLINE_STORE__CACHE_DIR=str(disk)) as inspector,
        ground.load(),
    ):
        inspector.ready()
        ground.caught_up()
        for number in range(repetitions):
            fill(disk)
            old = inspector.metric("patchline_line_epoch", line="north")
            bank = taught("north", 26 + number)
            made = ground.activate("north", bank.data, bank.thresholds)
            inspector.wait_for_line("cannot be kept in", 60)
            inspector.wait_for_metric(1, "patchline_bank_stale", line="north")
            time.sleep(5)
            assert inspector.metric("patchline_line_epoch", line="north") == old
            free(disk)
            freed = time.monotonic()
            inspector.wait_for_metric(made.epoch, "patchline_line_epoch", 60, line="north")
            inspector.wait_for_metric(0, "patchline_bank_stale", line="north")
            seconds.append(time.monotonic() - freed)
        report = ground.account()
        assert inspector.orderly()
    ground.put_in_force(taught("north"))
    figure = (
        f"local cache: clean over {report['accepted']} frames, the old bank judged on; the new one in force "
        f"{max(seconds):.1f} s after there was room"
    )
    tell(Figure(23, "local-cache", repetitions, figure))


def test_a_broker_whose_disk_is_full_accepts_nothing_and_loses_nothing_that_it_accepted(
    broker_disk: tuple[KafkaCluster, Path], tmp_path: Path
) -> None:
    cluster, disk = broker_disk
    with installed(tmp_path, cluster.bootstrap, unique_prefix()) as made:
        ground, starts = settled(made), 0
        inspector = ground.inspector()
        with inspector, ground.load(), ground.commits() as commits:
            inspector.ready()
            ground.caught_up()
            fill(disk)
            status = cluster.programs[0].wait(120)
            time.sleep(FULL_SECONDS)
            free(disk)
            cluster.programs[0].stop()
            cluster.revive(0)
            back = time.monotonic()
            time.sleep(5)
            if not inspector.running:
                # What a supervisor does.
                assert inspector.wait() == 1, inspector.output()[-2000:]
                inspector.stop()
                inspector.start()
                starts += 1
            seconds = commits.recovery(back)
            report = ground.account()
    figure = (
        f"broker: it ended with {status} when its disk was full; clean over {report['accepted']} frames, "
        f"moving again {seconds:.1f} s after there was room and it was started again; {starts} inspectors "
        "started again"
    )
    tell(Figure(23, "broker", 1, figure))
