"""The drill: everything is wiped, the backup restored, and the next frame is judged by the same version."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from tests.harness.topics import unique_prefix
from tests.parts import draw_part, encode_png
from tests.system.conftest import SIZE, _teach
from tests.system.installation import START_SECONDS, Installation, installed

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.timeout(600)]
PASSWORD = "correct horse battery staple"  # noqa: S105 - of a test


@pytest.fixture
def plant(kafka_bootstrap: str, tmp_path: Path) -> Iterator[Installation]:
    """Line ``flange`` is taught, and there is a user; no program runs."""
    with installed(tmp_path, kafka_bootstrap, unique_prefix()) as made:
        _teach(made, tmp_path / "good")
        password = tmp_path / "password"
        password.write_text(PASSWORD)
        done(made.patchline("users", "add", "anna", "--role", "engineer", "--password-file", str(password)))
        yield made


def done(ended: "subprocess.CompletedProcess[str]") -> str:
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def judged(plant: Installation, name: str, count: int) -> dict[str, Any]:
    """The verdict on one more frame."""
    data = encode_png(draw_part(501, size=SIZE))
    with plant.program("inspector") as inspector:
        inspector.wait_for_line("partitions assigned", START_SECONDS)
        plant.send("flange", data, [("frame-id", name.encode())])
        return next(v for v in plant.read("verdicts", count, 120) if v["frame_id"] == name)


def wipe(plant: Installation, folder: Path) -> None:
    """Topics, object store, caches and accounts are gone."""
    admin = AdminClient({"bootstrap.servers": plant.settings.kafka.bootstrap})
    topics = [name for name in admin.list_topics(timeout=10).topics if name.startswith(plant.prefix)]
    for deleted in admin.delete_topics(topics).values():
        deleted.result(30)
    deadline = time.monotonic() + 30
    while any(name.startswith(plant.prefix) for name in admin.list_topics(timeout=10).topics):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    for lost in ("store", "cache"):
        shutil.rmtree(folder / lost)
    plant.settings.web.accounts.unlink()
    port = plant.cache.port
    plant.cache.stop()
    plant.cache._spawn(port)
    assert plant.cache._wait(), plant.cache._tail()


def test_after_a_wipe_the_next_frame_is_judged_by_the_version_of_the_backup(
    plant: Installation, tmp_path: Path
) -> None:
    before = judged(plant, "before", 1)
    users = done(plant.patchline("users", "list", "--json"))
    kept = json.loads(done(plant.patchline("backup", str(tmp_path / "backup"), "--json")))
    wipe(plant, tmp_path)
    done(plant.patchline("topics", "create"))
    assert json.loads(done(plant.patchline("restore", str(tmp_path / "backup"), "--json"))) == kept
    after = judged(plant, "after", 1)
    same = ("bank_version", "epoch", "score", "threshold", "verdict")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert done(plant.patchline("users", "list", "--json")) == users
    assert plant.ledger()["clean"]
