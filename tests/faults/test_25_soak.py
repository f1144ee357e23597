"""Case 25: a fault a minute, of kinds in turn, while frames flow."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import psutil

from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, SESSION_SECONDS, times
from tests.faults.ground import Ground
from tests.faults.inspecting import Inspecting

pytestmark = [*LAW, LONG_ONLY]
REST_SECONDS = 60.0
Fault = Callable[[Ground, Inspecting], None]


def kill(_: Ground, inspector: Inspecting) -> None:
    """Its machine went down; another start follows, as a supervisor does it."""
    inspector.signal(signal.SIGKILL)
    inspector.wait()
    inspector.stop()
    inspector.start()


def freeze(_: Ground, inspector: Inspecting) -> None:
    """Its machine stood still for longer than its session."""
    inspector.freeze()
    time.sleep(2 * SESSION_SECONDS)
    inspector.thaw()


def kill_worker(_: Ground, inspector: Inspecting) -> None:
    """The memory ran out."""
    inspector.extraction().kill()


def redis_away(ground: Ground, _: Inspecting) -> None:
    """The cache restarts, empty."""
    ground.redis_down()
    time.sleep(5)
    ground.redis_up()


def store_away(ground: Ground, _: Inspecting) -> None:
    """The object store takes nothing for a while."""
    store = Path(ground.settings.store.url.removeprefix("file://"))
    aside = store.with_name("store-aside")
    store.rename(aside)
    store.touch()
    time.sleep(5)
    store.unlink()
    aside.rename(store)


FAULTS: tuple[Fault, ...] = (kill, freeze, kill_worker, redis_away, store_away)


def test_a_fault_a_minute_loses_nothing_and_leaves_nothing_behind(ground: Ground) -> None:
    count, rng, logged = times(short=1, long=20), Random(25), []
    with (
        ground.inspector() as steady,
        ground.inspector() as struck,
        ground.load(),
        ground.commits() as commits,
    ):
        steady.ready()
        struck.ready()
        time.sleep(10)
        before = held(steady)
        for number in range(count):
            fault = FAULTS[number % len(FAULTS)] if number < len(FAULTS) else rng.choice(FAULTS)
            began = time.monotonic()
            fault(ground, struck)
            logged.append((fault.__name__, commits.recovery(began)))
            time.sleep(max(0.0, began + REST_SECONDS - time.monotonic()))
        after = held(steady)
        assert steady.running
        assert commits.never_went_back()
        report = ground.account()
    slowest = max(logged, key=lambda fault: fault[1])
    figure = (
        f"clean over {report['accepted']} frames and {count} faults a minute apart; slowest recovery "
        f"{slowest[1]:.1f} s ({slowest[0].replace('_', ' ')}); {report['superseded']} superseded verdicts; "
        f"the inspector that was left alone: memory {before[0]:.0f} to {after[0]:.0f} MiB, descriptors and "
        f"connections {before[1]} to {after[1]}"
    )
    tell(Figure(25, "soak", count, figure))


def held(inspector: Inspecting) -> tuple[float, int]:
    """MiB of it and its worker, and descriptors of it."""
    return inspector.resident() / 2**20, int(psutil.Process(inspector.pid).num_fds())
