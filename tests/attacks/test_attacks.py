"""Each attack ends as docs/attacks.md says, and takes little memory on its way."""

import json
import resource
import subprocess
import sys

import pytest

from tests.attacks.__main__ import OTHERS, PAGE, page
from tests.attacks.images import ATTACKS

EXTRA_BYTES = 256 * 2**20
# Measured in the child before it looks at anything; what it may take beside is held by the system.
CHILD = (
    "import resource, runpy, sys, psutil, tests.attacks.images, service.images.decode\n"
    f"limit = psutil.Process().memory_info().vms + {EXTRA_BYTES}\n"
    "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
    "sys.argv = ['tests.attacks', '--outcomes']\n"
    "runpy.run_module('tests.attacks', run_name='__main__')\n"
)


def test_every_attack_ends_as_the_page_says_in_a_process_of_bounded_memory() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, check=False, timeout=100
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    expected = {attack.name: attack.reason.value if attack.reason else "read" for attack in ATTACKS}
    assert json.loads(ended.stdout) == expected


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS"), reason="this system bounds no memory")
def test_the_bound_is_one_that_a_bomb_would_break() -> None:
    bomb = CHILD.partition("sys.argv")[0] + "bytes(2**29)"
    ended = subprocess.run(
        [sys.executable, "-c", bomb], capture_output=True, text=True, check=False, timeout=100
    )
    assert "MemoryError" in ended.stderr


def test_the_page_is_what_the_corpus_says() -> None:
    assert PAGE.read_text() == page()
    assert all((PAGE.parent.parent / test).exists() for _, _, tests in OTHERS for test in tests)
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
