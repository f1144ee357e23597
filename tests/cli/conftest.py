"""Commands run in this process, and folders of drawn parts."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.cli.page import Page
from tests.parts import DEFECTS, draw_part, encode_png
from workers.cli.app import run


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for machines."""
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one line it said on standard error."""
        (line,) = self.err.splitlines()
        assert line.startswith("patchline: ")
        return line.removeprefix("patchline: ")


Command = Callable[..., Ended]


@pytest.fixture
def patchline(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Runs a command in this process, on nothing that this machine may have set up."""
    monkeypatch.setenv("PATCHLINE_STORE__URL", f"file://{tmp_path}/store")
    monkeypatch.setenv("PATCHLINE_STORE__CACHE_DIR", str(tmp_path / "cache"))

    def command(*arguments: object) -> Ended:
        capfd.readouterr()
        try:
            code = run([str(argument) for argument in arguments])
        finally:
            structlog.reset_defaults()
            structlog.contextvars.clear_contextvars()
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return command


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve drawn good parts."""
    folder = tmp_path_factory.mktemp("good")
    for seed in range(12):
        (folder / f"part-{seed:03}.png").write_bytes(encode_png(draw_part(seed)))
    return folder


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two good parts that no bank has seen, and one part with each defect."""
    folder = tmp_path_factory.mktemp("mixed")
    for seed in (100, 101):
        (folder / f"good-{seed}.png").write_bytes(encode_png(draw_part(seed)))
    for seed, defect in enumerate(DEFECTS, start=200):
        (folder / f"{defect}.png").write_bytes(encode_png(draw_part(seed, defect)))
    return folder


@pytest.fixture(scope="session")
def bank(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank of the good parts, from the command itself."""
    path = tmp_path_factory.mktemp("bank") / "line1.bank"
    assert run(["train", "line1", "--good", str(good), "--out", str(path)]) == 0
    return path


@pytest.fixture
def installation(
    patchline: Command, tansu_bootstrap: str, valkey_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A prefix with all its topics, in the environment of every command."""
    monkeypatch.setenv("PATCHLINE_KAFKA__BOOTSTRAP", tansu_bootstrap)
    monkeypatch.setenv("PATCHLINE_KAFKA__TOPIC_PREFIX", prefix)
    monkeypatch.setenv("PATCHLINE_KAFKA__PARTITIONS", "2")
    monkeypatch.setenv("PATCHLINE_REDIS__URL", valkey_url)
    created = patchline("topics", "create", "--json")
    assert created.code == 0
    assert len(created.json["created"]) == 7
    return prefix


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Page]]:
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        monkeypatch.setenv("PATCHLINE_WEB__PUBLIC_URL", f"http://127.0.0.1:{server.server_port}")
        Page.answers, Page.asked = {"POST": (202, {"command_id": "c1", "epoch_before": 1})}, []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Page
        server.shutdown()
        thread.join()
