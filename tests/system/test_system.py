"""Laws of the whole: held on real processes, a real broker, and by clients that know nothing of us."""

import signal
import subprocess
import time
from typing import Any

import httpx
import pytest

from tests.parts import draw_part, encode_png
from tests.system.conftest import SIZE
from tests.system.installation import START_SECONDS, Installation

pytestmark = pytest.mark.timeout(300)


def _verdict_of(installation: Installation, frame_id: str, seconds: float = 60.0) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    with httpx.Client(base_url=installation.page) as page:
        while time.monotonic() < deadline:
            verdicts = page.get("/v1/verdicts", params={"limit": 100}).json()["verdicts"]
            for verdict in verdicts:
                if verdict["frame_id"] == frame_id:
                    return dict(verdict)
            time.sleep(0.1)
    raise AssertionError(f"{frame_id} got no verdict within {seconds} s")


def _send(installation: Installation, frame_id: str, seed: int, defect: Any = None) -> None:
    data = encode_png(draw_part(seed, defect, size=SIZE))
    installation.send("flange", data, [("frame-id", frame_id.encode())])


def test_a_client_that_knows_nothing_of_us_gets_its_alert_and_fetches_the_heatmap(
    installation: Installation,
) -> None:
    data = encode_png(draw_part(501, "missing-hole", size=SIZE))
    installation.send("flange", data)
    alert = next(a for a in installation.read("alerts", 1) if a["line"] == "flange")
    for url in (alert["heatmap_url"], alert["frame_url"]):
        fetched = subprocess.run(["curl", "--silent", "--fail", url], capture_output=True, check=True)
        assert fetched.stdout.startswith(b"\x89PNG")
    assert alert["regions"]


def test_an_approved_part_is_in_force_within_seconds_and_the_ledger_holds(installation: Installation) -> None:
    _send(installation, "to-approve", 77)
    before = _verdict_of(installation, "to-approve")
    began = time.monotonic()
    approved = installation.patchline("approve", "flange", "to-approve", "--why", "a test")
    assert approved.returncode == 0, approved.stderr
    seconds = time.monotonic() - began
    for number in range(200):
        _send(installation, f"after-{number}", 78)
        after = _verdict_of(installation, f"after-{number}")
        if after["epoch"] > before["epoch"]:
            break
    assert after["epoch"] == before["epoch"] + 1
    assert seconds < 30
    report = installation.ledger()
    assert report["clean"], report
    assert report["accepted"] >= 2


def test_an_inspector_that_is_told_to_stop_drains_and_exits_with_zero(installation: Installation) -> None:
    with installation.program("inspector") as second:
        second.wait_for_line("partitions assigned", START_SECONDS)
        for number in range(6):
            _send(installation, f"drain-{number}", 80 + number)
        second.signal(signal.SIGTERM)
        assert second.wait(40) == 0
    for number in range(6):
        _verdict_of(installation, f"drain-{number}")


def test_scoring_goes_on_without_the_cache(installation: Installation) -> None:
    installation.cache.stop()
    try:
        _send(installation, "without-cache", 90)
        assert _verdict_of(installation, "without-cache")["score"] is not None
    finally:
        # A program that starts for a later test asks for it.
        installation.cache.start()


def test_a_program_whose_broker_is_not_there_says_so_in_one_sentence_and_exits_with_one(
    installation: Installation,
) -> None:
    settings = installation.settings
    nowhere = settings.kafka.model_copy(update={"bootstrap": "127.0.0.1:9", "start_seconds": 2.0})
    astray = Installation(settings.model_copy(update={"kafka": nowhere}), installation.cache)
    with astray.program("inspector") as program:
        assert program.wait(60) == 1
        assert "127.0.0.1:9" in program.output().splitlines()[-1]
