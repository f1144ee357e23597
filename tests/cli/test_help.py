import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from tests.cli.conftest import Command
from workers.cli.app import COMMANDS, build_app

HEAVY = ("torch", "cv2", "faiss", "aiokafka", "obstore", "numpy", "pydantic", "redis", "httpx")


def paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from paths(child, (*path, name))


TREE = sorted(paths(typer.main.get_command(build_app())))


@pytest.mark.parametrize("path", TREE, ids=" ".join)
def test_the_help_of_every_command_has_an_example_of_that_command(
    patchline: Command, path: tuple[str, ...]
) -> None:
    ended = patchline(*path, "--help")
    assert ended.code == 0
    said = " ".join(ended.out.split())
    assert "Example: " in said
    assert " ".join(("patchline", *path)) in said.partition("Example: ")[2]


def test_help_imports_none_of_the_heavy_libraries() -> None:
    script = (
        "import sys\nfrom workers.cli.app import run\nassert run(['--help']) == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_python_m_workers_is_the_same_program() -> None:
    done = subprocess.run([sys.executable, "-m", "workers", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("patchline ")


def test_commands_are_listed_in_the_order_of_a_first_day(patchline: Command) -> None:
    out = patchline("--help").out
    places = [out.index(f"│ {name} ") for name in COMMANDS]
    assert places == sorted(places)


def test_no_command_shows_the_help_and_is_wrong_use(patchline: Command) -> None:
    ended = patchline()
    assert ended.code == 2
    assert ended.out.count("Usage: patchline") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("trian",), "No such command 'trian'. Did you mean 'train'?: see `patchline --help`"),
        (("train", "line1"), "Missing option '--good': see `patchline train --help`"),
        (
            ("watch", "--line", "Line 1"),
            "'--line': 'Line 1' is no id: it is [a-z0-9][a-z0-9-]{0,62}, such as line1: "
            "see `patchline watch --help`",
        ),
        (
            ("ledger", "check", "--since", "noon"),
            "'--since': 'noon' is no time: write 2h, 30m or 2026-01-31T12:00:00Z: "
            "see `patchline ledger check --help`",
        ),
    ],
)
def test_wrong_use_is_told_in_one_sentence(
    patchline: Command, arguments: tuple[str, ...], sentence: str
) -> None:
    ended = patchline(*arguments)
    assert (ended.code, ended.out, ended.sentence) == (2, "", sentence)
