"""One installation for all tests of this folder: its programs take seconds to start."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.harness.kafka_libs import missing_tool
from tests.harness.topics import unique_prefix
from tests.parts import draw_part, encode_png
from tests.system.installation import START_SECONDS, Installation, installed

TAUGHT = 24
SIZE = (160, 160)


@pytest.fixture(scope="session")
def any_bootstrap(request: pytest.FixtureRequest) -> str:
    """Apache Kafka where it can run (or must), else the embedded broker."""
    wanted = os.environ.get("PATCHLINE_REQUIRE_KAFKA") == "1" or os.environ.get("PATCHLINE_TEST_KAFKA")
    name = "kafka_bootstrap" if wanted or missing_tool() is None else "tansu_bootstrap"
    return str(request.getfixturevalue(name))


@pytest.fixture(scope="session")
def installation(any_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Line ``flange`` is taught by the command line; inspector, rebuilder and page run."""
    folder = tmp_path_factory.mktemp("installation")
    with installed(folder, any_bootstrap, unique_prefix()) as made, ExitStack() as stack:
        _teach(made, folder / "good")
        programs = {
            name: stack.enter_context(made.program(name)) for name in ("inspector", "rebuilder", "web")
        }
        programs["inspector"].wait_for_line("partitions assigned", START_SECONDS)
        programs["web"].wait_for_line("page ready", START_SECONDS)
        programs["rebuilder"].wait_for_line("ready", START_SECONDS)
        yield made


def _teach(installation: Installation, good: Path) -> None:
    good.mkdir()
    for seed in range(TAUGHT):
        (good / f"part-{seed:02}.png").write_bytes(encode_png(draw_part(seed, size=SIZE)))
    trained = installation.patchline("train", "flange", "--good", str(good), "--publish")
    assert trained.returncode == 0, trained.stderr
