"""Laws of supervision: what ends is started again within its budget, and nothing is left behind."""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.settings import SupervisorSettings
from tests.harness.processes import Program
from workers.supervisor.budget import RestartBudget
from workers.supervisor.child import Errand
from workers.supervisor.program import Hopeless, supervise

QUICK = SupervisorSettings(restarts=2, window_seconds=60, pause_seconds=0.01)


@given(st.integers(0, 5), st.lists(st.floats(0, 10), max_size=30))
def test_no_window_has_more_restarts_than_the_budget(restarts: int, steps: list[float]) -> None:
    budget, now, allowed = RestartBudget(restarts, 10.0), 0.0, []
    for step in steps:
        now += step
        if budget.spend(now):
            allowed.append(now)
    assert all(sum(begin <= moment < begin + 10.0 for moment in allowed) <= restarts for begin in allowed)


def errand(name: str, script: str, *arguments: object) -> Errand:
    return Errand(name, [sys.executable, "-c", script, *map(str, arguments)])


def lasting(folder: Path, *, stubborn: bool = False) -> Errand:
    """Writes its process id, then waits for SIGTERM and notes it."""
    script = (
        "import os, signal, sys, time, pathlib\n"
        "def end(*_):\n    pathlib.Path(sys.argv[1], 'told').touch()\n"
        f"    {'return' if stubborn else 'sys.exit(0)'}\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "pathlib.Path(sys.argv[1], 'pid').write_text(str(os.getpid()))\n"
        "while True: time.sleep(0.05)\n"
    )
    return errand("lasting", script, folder)


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not done():  # noqa: ASYNC110 - another process signals nothing
            await asyncio.sleep(0.02)


async def test_a_program_that_crashes_is_started_again_until_its_budget_is_spent(tmp_path: Path) -> None:
    script = "import sys; open(sys.argv[1], 'a').write('x'); sys.exit(3)"
    crashing = errand("inspector", script, tmp_path / "runs")
    with pytest.raises(Hopeless, match="the inspector ended more than 2 times within 60 s, with code 3"):
        await supervise([crashing, lasting(tmp_path)], QUICK, asyncio.Event(), drain_seconds=10)
    assert (tmp_path / "runs").read_text() == "xxx"
    if (tmp_path / "pid").exists():
        assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


async def test_a_killed_program_is_started_again_and_told_to_stop_in_the_end(tmp_path: Path) -> None:
    stop, pid = asyncio.Event(), tmp_path / "pid"
    running = asyncio.create_task(supervise([lasting(tmp_path)], QUICK, stop, drain_seconds=10))
    await _until(lambda: pid.exists() and bool(pid.read_text()))
    first = int(pid.read_text())
    psutil.Process(first).send_signal(signal.SIGKILL)
    await _until(lambda: pid.read_text() not in ("", str(first)))
    stop.set()
    await running
    assert (tmp_path / "told").exists()
    assert not psutil.pid_exists(int(pid.read_text()))


async def test_a_program_that_does_not_end_in_time_is_made_to(tmp_path: Path) -> None:
    stop, pid = asyncio.Event(), tmp_path / "pid"
    stubborn = lasting(tmp_path, stubborn=True)
    running = asyncio.create_task(supervise([stubborn], QUICK, stop, drain_seconds=0.3))
    await _until(lambda: pid.exists() and bool(pid.read_text()))
    stop.set()
    await running
    assert not psutil.pid_exists(int(pid.read_text()))


async def test_a_program_that_refuses_its_settings_is_not_tried_again(tmp_path: Path) -> None:
    script = "import sys; open(sys.argv[1], 'a').write('x'); sys.exit(2)"
    with pytest.raises(Hopeless, match="the web will not run as it is set up"):
        await supervise([errand("web", script, tmp_path / "runs")], QUICK, asyncio.Event(), drain_seconds=1)
    assert (tmp_path / "runs").read_text() == "x"


def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from tests.supervisor.test_supervisor import QUICK, lasting\n"
        "from workers.supervisor.program import supervise\n"
        "asyncio.run(supervise([lasting(Path(sys.argv[1]))], QUICK, asyncio.Event(), drain_seconds=9))\n"
    )
    pid = tmp_path / "pid"
    with Program([sys.executable, "-c", script, str(tmp_path)]) as supervisor:
        asyncio.run(_until(lambda: pid.exists() and bool(pid.read_text())))
        supervisor.signal(signal.SIGKILL)
        asyncio.run(_until(lambda: not psutil.pid_exists(int(pid.read_text()))))
