"""A command's process ends as the interpreter would end it, but sooner."""

import os
import subprocess
import sys

import pytest

from workers.cli.leaving import UNWRITTEN


def ended(program: str) -> subprocess.CompletedProcess[str]:
    """A process that ran the program."""
    # Unbuffered, nothing would be left to write at the end.
    environment = os.environ | {"PYTHONUNBUFFERED": ""}
    arguments = [sys.executable, "-c", program]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("code", [0, 2])
def test_what_was_printed_and_what_was_registered_for_the_exit_come_before_the_code(code: int) -> None:
    done = ended(
        "import atexit; from workers.cli.leaving import leave;"
        f"atexit.register(print, 'registered'); print('answer'); leave({code})"
    )
    assert (done.returncode, done.stdout) == (code, "answer\nregistered\n")


def test_threads_finish_what_they_began() -> None:
    done = ended(
        "import time; from concurrent.futures import ThreadPoolExecutor;"
        "from workers.cli.leaving import leave;"
        "ThreadPoolExecutor().submit(lambda: (time.sleep(0.2), print('done'))); leave(0)"
    )
    assert (done.returncode, done.stdout) == (0, "done\n")


@pytest.mark.parametrize(("code", "expected"), [(0, UNWRITTEN), (2, 2)])
def test_an_answer_that_cannot_be_written_is_a_failure(code: int, expected: int) -> None:
    done = ended(
        "import sys; from workers.cli.leaving import leave;"
        f"sys.stdout = open('/dev/full', 'w'); print('answer'); leave({code})"
    )
    assert (done.returncode, done.stderr) == (expected, "")


def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    done = ended(
        "import os, sys; from workers.cli.leaving import leave; read, write = os.pipe(); os.close(read);"
        "sys.stdout = open(write, 'w'); print('answer'); leave(0)"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_modules_are_not_taken_apart() -> None:
    done = ended(
        "from workers.cli.leaving import leave\n"
        "class Slow:\n    def __del__(self): print('taken apart')\n"
        "import json; json.slow = Slow(); leave(0)"
    )
    assert (done.returncode, done.stdout) == (0, "")
