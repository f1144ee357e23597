"""The harness itself: a program's output, its end, and nothing left of it."""

import signal
import sys

import psutil
import pytest

from service.embedded.server import free_port
from tests.harness.processes import Program

CHATTY = "import os, sys, time; print('hello', os.environ['NAME'], flush=True); time.sleep(60)"


def test_program_has_its_environment_and_its_output_is_kept() -> None:
    with Program([sys.executable, "-c", CHATTY], env={"NAME": "world"}) as program:
        assert program.wait_for_line("hello") == "hello world"
        pid = program.pid
    assert not psutil.pid_exists(pid)


def test_program_that_ends_too_early_is_shown_with_its_output() -> None:
    with (
        Program([sys.executable, "-c", "print('sorry')"]) as program,
        pytest.raises(AssertionError, match="sorry"),
    ):
        program.wait_for_line("never")


def test_killed_program_says_so() -> None:
    with Program([sys.executable, "-c", CHATTY], env={"NAME": "x"}) as program:
        program.wait_for_line("hello")
        program.signal(signal.SIGKILL)
        assert program.wait() == -signal.SIGKILL


def test_frozen_program_goes_on_when_thawed() -> None:
    script = "import time\nfor n in range(600): print('n', n, flush=True); time.sleep(0.05)"
    with Program([sys.executable, "-c", script]) as program:
        program.wait_for_line("n 1")
        program.freeze()
        assert psutil.Process(program.pid).status() == psutil.STATUS_STOPPED
        seen = len(program.output().splitlines())
        program.thaw()
        program.wait_for_line(f"n {seen + 3}")


def test_port_is_waited_for() -> None:
    port = free_port()
    with Program([sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]) as program:
        program.wait_for_port(port)
