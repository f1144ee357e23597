"""``patchline run all`` on real processes: what is killed comes back, and all end in order."""

import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.harness.topics import unique_prefix
from tests.system.installation import START_SECONDS, installed

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]


def _inspector_of(supervisor: int) -> psutil.Process:
    every = psutil.Process(supervisor).children(recursive=True)
    (found,) = [process for process in every if process.cmdline()[-4:-2] == ["run", "inspector"]][-1:]
    return found


def test_a_killed_inspector_comes_back_and_all_end_in_order(tmp_path: Path, tansu_bootstrap: str) -> None:
    with installed(tmp_path, tansu_bootstrap, unique_prefix()) as made, made.program("all") as programs:
        programs.wait_for_line("inspector ready", START_SECONDS)
        programs.wait_for_line("page ready", START_SECONDS)
        _inspector_of(programs.pid).kill()
        programs.wait_for_line("program ended; started again", 30)
        deadline = time.monotonic() + START_SECONDS
        while programs.output().count("inspector ready") < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert programs.output().count("inspector ready") == 2
        children = psutil.Process(programs.pid).children(recursive=True)
        programs.signal(signal.SIGTERM)
        assert programs.wait(60) == 0
    assert not [child for child in children if child.is_running()]
