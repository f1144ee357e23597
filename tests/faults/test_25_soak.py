"""Case 25: a fault a minute, of kinds in turn, at 70 % load, with one host's clock five minutes ahead."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

import psutil
import pytest

from tests.faults.commits import Commits
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, SESSION_SECONDS, times
from tests.faults.ground import Ground
from tests.faults.growth import Growth
from tests.faults.inspecting import Inspecting
from tests.harness.kafka import KafkaCluster
from tests.harness.proxy import Proxy

pytestmark = [*LAW, LONG_ONLY]
REST_SECONDS = 60.0
LOAD_SHARE = 0.7
# More would be a test of the machine: the camera, the broker and the ledger want some of it too.
MOST_FRAMES_A_SECOND = 12.0
SKEW_SECONDS = 300
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


@dataclass
class Scene:
    """What faults act on: the inspector that is struck reaches the broker through the proxy."""

    ground: Ground
    cluster: KafkaCluster
    proxy: Proxy
    struck: Inspecting
    steady: Inspecting
    started_again: list[str] = field(default_factory=list)

    def supervise(self) -> None:
        """Start again what ended by itself, as a supervisor does."""
        for name, inspector in (("struck", self.struck), ("steady", self.steady)):
            if not inspector.running:
                assert inspector.wait() == 1, inspector.output()[-2000:]
                inspector.stop()
                inspector.start()
                self.started_again.append(name)


Fault = Callable[[Scene], None]


def kill(scene: Scene) -> None:
    """Its machine went down; another start follows, as a supervisor does it."""
    scene.struck.signal(signal.SIGKILL)
    scene.struck.wait()
    scene.struck.stop()
    scene.struck.start()


def end_in_order(scene: Scene) -> None:
    """It is told to stop in the middle of its work, and started again."""
    scene.struck.signal(signal.SIGTERM)
    assert scene.struck.wait(60) == 0
    scene.struck.stop()
    scene.struck.start()


def join(scene: Scene) -> None:
    """A third one comes and goes."""
    with scene.ground.inspector() as third:
        third.wait_for_line("inspector ready", 180)
        time.sleep(5)


def freeze(scene: Scene) -> None:
    """Its machine stood still for longer than its session."""
    scene.struck.freeze()
    time.sleep(2 * SESSION_SECONDS)
    scene.struck.thaw()


def restart_broker(scene: Scene) -> None:
    """The only broker is killed, and comes back."""
    scene.cluster.kill(0)
    time.sleep(3)
    scene.cluster.revive(0)


def cut_off(scene: Scene) -> None:
    """The network between one inspector and the broker is away for longer than its session."""
    scene.proxy.hold()
    time.sleep(2 * SESSION_SECONDS)
    scene.proxy.heal()


def lose_answers(scene: Scene) -> None:
    """What the broker acknowledges does not arrive."""
    scene.proxy.drop()
    time.sleep(4)
    scene.proxy.heal()


def kill_worker(scene: Scene) -> None:
    """The memory ran out."""
    scene.struck.extraction().kill()


def redis_away(scene: Scene) -> None:
    """The cache restarts, empty."""
    scene.ground.redis_down()
    time.sleep(5)
    scene.ground.redis_up()


def store_away(scene: Scene) -> None:
    """The object store takes nothing for a while."""
    store = Path(scene.ground.settings.store.url.removeprefix("file://"))
    aside = store.with_name("store-aside")
    store.rename(aside)
    store.touch()
    time.sleep(5)
    store.unlink()
    aside.rename(store)


FAULTS: tuple[Fault, ...] = (
    kill,
    end_in_order,
    join,
    freeze,
    restart_broker,
    cut_off,
    lose_answers,
    redis_away,
    store_away,
    kill_worker,
)


def test_a_fault_a_minute_loses_nothing_and_leaves_nothing_behind(
    ground: Ground, kafka_cluster: KafkaCluster
) -> None:
    if not FAKETIME.exists():
        pytest.skip(f"{FAKETIME} is not here: apt-get install faketime")
    count, growth = times(short=1, long=22), Growth()
    ahead = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": f"+{SKEW_SECONDS}s",
        # Only what a wrong clock shows: timers go by the monotonic one.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with (
        kafka_cluster.proxy() as proxy,
        ground.inspector() as steady,
        ground.inspector(PATCHLINE_KAFKA__BOOTSTRAP=proxy.address, **ahead) as struck,
        ground.commits() as commits,
    ):
        steady.ready()
        struck.ready()
        scene, rate = Scene(ground, kafka_cluster, proxy, struck, steady), bearable(ground)
        with ground.load(rate):
            time.sleep(10)
            logged = strike(scene, commits, growth, count)
            tail = growth.told()
            assert commits.never_went_back()
            report = ground.account()
    assert ahead_of_its_time(ground) > 0
    slowest = max(logged, key=lambda fault: fault[1])
    figure = (
        f"clean over {report['accepted']} frames at {rate:.1f} a second and {count} faults a minute apart "
        f"({', '.join(sorted({name for name, _ in logged}))}), one clock {SKEW_SECONDS // 60} minutes ahead; "
        f"slowest recovery {slowest[1]:.1f} s ({slowest[0]}); {report['superseded']} superseded verdicts, "
        f"{report['alerts_repeated']} alerts repeated; started again: {len(scene.started_again)}; the "
        f"inspector that was left alone: {tail}"
    )
    tell(Figure(25, "soak", count, figure, "growth zero within noise", growth.none))


def strike(scene: Scene, commits: Commits, growth: Growth, count: int) -> list[tuple[str, float]]:
    """A fault a minute, each with what it took until offsets moved again on every partition."""
    rng, logged = Random(25), []
    for number in range(count):
        fault = FAULTS[number % len(FAULTS)] if number < 2 * len(FAULTS) else rng.choice(FAULTS)
        began = time.monotonic()
        fault(scene)
        time.sleep(2)
        scene.supervise()
        logged.append((fault.__name__.replace("_", " "), commits.recovery(began)))
        while time.monotonic() < began + REST_SECONDS:
            time.sleep(5)
            scene.supervise()
            growth.saw(scene.steady.pid, scene.steady.resident(), descriptors(scene.steady))
    return logged


def bearable(ground: Ground) -> float:
    """Frames a second: a share of what the inspectors can do now."""
    began = time.monotonic()
    ground.load().send(120)
    ground.drained()
    return min(MOST_FRAMES_A_SECOND, LOAD_SHARE * 120 / (time.monotonic() - began))


def ahead_of_its_time(ground: Ground) -> int:
    """How many verdicts say that they were made minutes after they lay in the log."""
    late = 0
    for verdict in ground.verdicts():
        sent = verdict["source"]["timestamp_ms"] / 1000
        late += datetime.fromisoformat(verdict["inspected_at"]).timestamp() - sent > SKEW_SECONDS - 60
    return late


def descriptors(inspector: Inspecting) -> int:
    """Files and connections that it has open."""
    return int(psutil.Process(inspector.pid).num_fds())
