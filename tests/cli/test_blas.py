"""What numpy's BLAS reads of its surroundings when it loads."""

import os
import subprocess
import sys

import pytest

SCRIPT = (
    "import os, sys, workers.cli.app; sys.exit('numpy' in sys.modules or "
    "os.environ['OPENBLAS_THREAD_TIMEOUT'] != sys.argv[1])"
)


@pytest.mark.parametrize(("given", "expected"), [(None, "10"), ("26", "26")])
def test_idle_threads_of_numpys_products_sleep_unless_somebody_says_otherwise(
    given: str | None, expected: str
) -> None:
    around = {name: value for name, value in os.environ.items() if name != "OPENBLAS_THREAD_TIMEOUT"}
    if given is not None:
        around["OPENBLAS_THREAD_TIMEOUT"] = given
    assert subprocess.run([sys.executable, "-c", SCRIPT, expected], env=around, check=False).returncode == 0
