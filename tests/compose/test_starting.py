"""What compose runs is known to start: each service's own command line, under its own environment."""

import signal
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

from service.embedded.server import free_port
from service.settings import environment_of
from tests.compose.manifests import environment, services
from tests.harness.processes import Program
from tests.harness.topics import unique_prefix
from tests.system.installation import START_SECONDS, Installation, installed

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]


@pytest.mark.parametrize("name", ["inspector", "rebuilder", "page", "camera"])
def test_a_service_starts_as_compose_starts_it_and_ends_when_told(
    name: str, tmp_path: Path, tansu_bootstrap: str
) -> None:
    with installed(tmp_path, tansu_bootstrap, unique_prefix()) as made:
        if name == "page":
            _first_user(made, tmp_path)
        settings = _here(made, environment(services()[name]), tmp_path)
        words = [word.replace("/photos", str(tmp_path)) for word in services()[name]["command"]]
        with Program.ours("workers", *words, env=settings) as program:
            program.wait_for_port(int(settings["PATCHLINE_TELEMETRY__PORT"]), START_SECONDS)
            assert _answers(f"http://127.0.0.1:{settings['PATCHLINE_TELEMETRY__PORT']}/livez")
            program.signal(signal.SIGTERM)
            assert program.wait(60) == 0, program.output()


def test_topics_are_created_as_compose_creates_them(tmp_path: Path, tansu_bootstrap: str) -> None:
    with installed(tmp_path, tansu_bootstrap, unique_prefix()) as made:
        settings = _here(made, environment(services()["topics"]), tmp_path)
        with Program.ours("workers", *services()["topics"]["command"], env=settings) as program:
            assert program.wait(60) == 0, program.output()


def _here(made: Installation, asked: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The service's environment, with what compose calls by name or puts into a volume lying here."""
    local = environment_of(made.settings)
    moved = {
        name: local[name]
        for name in (
            "PATCHLINE_KAFKA__BOOTSTRAP",
            "PATCHLINE_REDIS__URL",
            "PATCHLINE_STORE__URL",
            "PATCHLINE_STORE__CACHE_DIR",
        )
    }
    ports = {"PATCHLINE_TELEMETRY__PORT": str(free_port()), "PATCHLINE_WEB__PORT": str(free_port())}
    accounts = {"PATCHLINE_WEB__ACCOUNTS": str(folder / "accounts.sqlite")}
    here = {**moved, **ports, **accounts}
    prefix = {"PATCHLINE_KAFKA__TOPIC_PREFIX": made.prefix}
    return {**asked, **prefix, **{name: value for name, value in here.items() if name in asked}}


def _first_user(made: Installation, folder: Path) -> None:
    password = folder / "password.txt"
    password.write_text("correct horse battery staple")
    added = made.patchline("users", "add", "ann", "--role", "engineer", "--password-file", str(password))
    assert added.returncode == 0, added.stderr


def _answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback
        return bool(answer.status == 200)
