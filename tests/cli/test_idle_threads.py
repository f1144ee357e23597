"""What the libraries of products read of their surroundings when they load."""

import os
import subprocess
import sys

import pytest

NAMES = ("OPENBLAS_THREAD_TIMEOUT", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
SCRIPT = (
    "import os, sys, workers.cli.app; assert not {'numpy', 'torch', 'faiss'} & sys.modules.keys(); "
    f"print(*[os.environ.get(name) for name in {NAMES}])"
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "10 1000 None"),
        ({"OPENBLAS_THREAD_TIMEOUT": "26", "GOMP_SPINCOUNT": "7"}, "26 7 None"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, "10 None ACTIVE"),
    ],
)
def test_idle_threads_sleep_soon_unless_somebody_says_otherwise(given: dict[str, str], expected: str) -> None:
    around = {name: value for name, value in os.environ.items() if name not in NAMES}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env=around | given, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == expected
