"""The demo as a person runs it: a real process, ended by time or by Ctrl-C, leaving nothing."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
_IMPORTING_SECONDS = 15.0
KEYS = {
    "seconds",
    "frames_sent",
    "verdicts",
    "dead_letters",
    "alerts",
    "ledger",
    "frames_per_second",
    "latency_ms",
    "lines",
}


def _demo(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "workers", "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Fails when a process of the demo outlives it for long."""
    before = set(psutil.pids())
    yield
    # A fork server that was importing torch when its owner ended sees that once it has imported.
    deadline = time.monotonic() + _IMPORTING_SECONDS
    while (left := _begun_since(before)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left


def _begun_since(before: set[int]) -> list[str]:
    begun = [process for process in psutil.process_iter(["cmdline"]) if process.pid not in before]
    commands = [" ".join(process.info["cmdline"] or ()) for process in begun]
    return [c for c in commands if "tansu" in c or "valkey-server" in c or "-m workers" in c]


@pytest.mark.usefixtures("nothing_left")
def test_a_bounded_demo_teaches_both_lines_and_its_ledger_holds() -> None:
    demo = _demo("--seconds", "40", "--rate", "12", "--json")
    out, err = demo.communicate(timeout=300)
    assert demo.returncode == 0, err
    said = json.loads(out.splitlines()[-1])
    assert said.keys() >= KEYS
    assert said["ledger"] == "clean"
    assert sum(said["verdicts"].values()) + said["dead_letters"] == said["frames_sent"] >= 400
    assert said["alerts"] == said["verdicts"]["review"] + said["verdicts"]["defect"]
    for line, auroc in (("cells-mono", 0.90), ("cells-poly", 0.80)):
        assert said["lines"][line]["image_auroc"] >= auroc
        assert said["lines"][line]["epoch"] >= 2


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("sentence", ["Starting inspector", "The page is"])
def test_ctrl_c_ends_the_demo_within_ten_seconds(sentence: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as stream:
        demo = subprocess.Popen(
            [sys.executable, "-u", "-m", "workers", "demo", "--rate", "5"],
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    deadline = time.monotonic() + 120
    while sentence not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(2)
    demo.send_signal(signal.SIGINT)
    began = time.monotonic()
    demo.wait(60)
    # Ten seconds for stopping; a run that had begun also drains and holds its ledger against the topics.
    assert time.monotonic() - began < 20
    assert demo.returncode in (0, 130), log.read_text()
