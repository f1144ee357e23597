"""What programs do while broker, Redis or object store are away or slow, and when they are back."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from service.embedded.server import free_port
from service.settings import RedisSettings, StoreSettings
from tests.harness.kafka import KafkaCluster
from tests.harness.processes import Program
from tests.harness.topics import unique_prefix
from tests.parts import draw_part, encode_png
from tests.system.conftest import SIZE, _teach
from tests.system.installation import START_SECONDS, Installation, installed

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.timeout(600)]
AWAY_SECONDS = 20.0
# What a program that waits may take beside what it had: log lines, and clients that it makes anew.
GROWTH_MIB, GROWTH_DESCRIPTORS = 48, 16
SLOW_BYTES_PER_SECOND = 60_000


@pytest.fixture
def plant(kafka_cluster: KafkaCluster, tmp_path: Path) -> Iterator[Installation]:
    """Line ``flange`` is taught; no program runs yet."""
    with installed(tmp_path, kafka_cluster.bootstrap, unique_prefix()) as made:
        _teach(made, tmp_path / "good")
        yield made


def judged(plant: Installation, name: str, count: int) -> None:
    """A frame is sent and its verdict comes, as the ``count``-th."""
    plant.send("flange", encode_png(draw_part(501, size=SIZE)), [("frame-id", name.encode())])
    assert name in [verdict["frame_id"] for verdict in plant.read("verdicts", count, 180)]


def held(supervisor: Program) -> tuple[float, int]:
    """MiB and descriptors of the programs and their workers; pages that forks share count once."""
    every = psutil.Process(supervisor.pid).children(recursive=True)
    return sum(p.memory_full_info().pss for p in every) / 2**20, sum(p.num_fds() for p in every)


def settled(supervisor: Program) -> tuple[float, int]:
    """What is held once workers that were still starting have what they need."""
    before = held(supervisor)
    for _ in range(12):
        time.sleep(5)
        now = held(supervisor)
        if now[0] - before[0] < GROWTH_MIB / 8:
            return now
        before = now
    raise AssertionError(f"the programs still grow after a minute: {before[0]:.0f} MiB")


def test_all_programs_outlive_a_broker_that_was_away_and_grow_by_nothing_meanwhile(
    plant: Installation, kafka_cluster: KafkaCluster
) -> None:
    with plant.program("all") as programs:
        for ready in ("partitions assigned", "page ready", "rebuilder ready"):
            programs.wait_for_line(ready, START_SECONDS)
        judged(plant, "before", 1)
        kafka_cluster.kill(0)
        memory, descriptors = settled(programs)
        time.sleep(AWAY_SECONDS)
        later_memory, later_descriptors = held(programs)
        kafka_cluster.revive(0)
        judged(plant, "after", 2)
        approved = plant.patchline("approve", "flange", "after", "--why", "a test")
        assert approved.returncode == 0, approved.stderr
        assert plant.ledger()["clean"]
        programs.signal(signal.SIGTERM)
        assert programs.wait(60) == 0
    assert later_memory - memory <= GROWTH_MIB
    assert later_descriptors - descriptors <= GROWTH_DESCRIPTORS


def test_frames_are_judged_through_a_broker_that_is_slow(
    plant: Installation, kafka_cluster: KafkaCluster
) -> None:
    with kafka_cluster.proxy() as proxy:
        behind = plant.settings.kafka.model_copy(update={"bootstrap": proxy.address, "start_seconds": 60.0})
        slow = Installation(plant.settings.model_copy(update={"kafka": behind}), plant.cache)
        with slow.program("inspector") as inspector:
            inspector.wait_for_line("partitions assigned", START_SECONDS)
            proxy.throttle(SLOW_BYTES_PER_SECOND)
            for number in range(5):
                plant.send("flange", encode_png(draw_part(number, size=SIZE)))
            plant.read("verdicts", 5, 180)
            assert inspector.running
    report = plant.ledger()
    assert report["clean"]
    assert (report["scored"], report["superseded"]) == (5, 0)


def test_programs_that_find_no_cache_or_no_store_at_the_start_say_so_and_exit_with_one(
    plant: Installation, tmp_path: Path
) -> None:
    hasty = plant.settings.kafka.model_copy(update={"start_seconds": 3.0})
    settings = plant.settings.model_copy(update={"kafka": hasty})
    gone = RedisSettings(url=f"redis://127.0.0.1:{free_port()}/0")
    (tmp_path / "file").touch()
    nowhere = StoreSettings(url=(tmp_path / "file" / "store").as_uri(), cache_dir=tmp_path / "cache")
    uncached = Installation(settings.model_copy(update={"redis": gone}), plant.cache)
    storeless = Installation(settings.model_copy(update={"store": nowhere}), plant.cache)
    with ExitStack() as stack:
        ends = [
            (stack.enter_context(made.program(name)), named)
            for made, name, named in (
                (uncached, "inspector", gone.url),
                (uncached, "rebuilder", gone.url),
                (storeless, "inspector", nowhere.url),
                (storeless, "rebuilder", nowhere.url),
                (storeless, "web", nowhere.url),
            )
        ]
        for program, named in ends:
            assert program.wait(120) == 1, program.output()[-2000:]
            assert named in program.output().splitlines()[-1]


def test_the_page_needs_no_cache(plant: Installation) -> None:
    gone = RedisSettings(url=f"redis://127.0.0.1:{free_port()}/0")
    uncached = Installation(plant.settings.model_copy(update={"redis": gone}), plant.cache)
    with uncached.program("web") as page:
        page.wait_for_line("page ready", START_SECONDS)
