"""``patchline dead-letters`` and ``patchline replay``, on a real server."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from schemas.reasons import DeadLetterReason, FaultReason
from service.settings import load_settings
from service.stream.kafka_broker import KafkaBroker
from tests.cli.conftest import Command
from tests.letters.test_replayer import Scene

pytestmark = pytest.mark.usefixtures("installation")


async def _set_aside(prefix: str) -> None:
    broker = KafkaBroker(load_settings().kafka)
    scene = Scene(broker, prefix)
    for offset in range(3):
        await scene.set_aside(offset, DeadLetterReason.TRUNCATED, "line1", b"picture")
    await scene.set_aside(3, DeadLetterReason.NOT_AN_IMAGE, "line2", b"nothing")
    await scene.judge(4, FaultReason.BREAKER_OPEN)
    await broker.close()


def ids(patchline: Command, *arguments: str) -> Any:
    ended = patchline("dead-letters", *arguments, "--json")
    assert ended.code == 0, ended.err
    return [letter["id"] for letter in json.loads(ended.out)["letters"]]


def test_letters_are_listed_shown_replayed_and_dropped(
    patchline: Command, installation: str, tmp_path: Path
) -> None:
    asyncio.run(_set_aside(installation))
    assert sorted(ids(patchline, "list")) == ["0/0", "0/1", "0/2", "0/3"]
    assert ids(patchline, "list", "--reason", "not-an-image") == ["0/3"]
    shown = patchline("dead-letters", "show", "0/3", "--save", tmp_path / "bytes", "--json")
    assert (shown.json["line"], (tmp_path / "bytes").read_bytes()) == ("line2", b"nothing")
    assert len(ids(patchline, "replay", "--dry-run", "--limit", "2")) == 2
    assert ids(patchline, "replay", "0/1") == ["0/1"]
    assert ids(patchline, "drop", "--line", "line2") == ["0/3"]
    assert sorted(ids(patchline, "list")) == ["0/0", "0/2"]
    assert len(ids(patchline, "list", "--all")) == 4
    planned = patchline("replay", "line1", "--dry-run", "--json").json
    assert [frame["reason"] for frame in planned["frames"]] == ["breaker-open"]
    gone = patchline("replay", "line1", "--json").json
    assert [len(gone["frames"]), len(gone["skipped"])] == [1, 1]


def test_wrong_use_is_told_in_one_sentence(patchline: Command) -> None:
    ended = patchline("dead-letters", "list", "--reason", "ugly")
    assert (ended.code, "'ugly' is no reason: it is one of empty, " in ended.sentence) == (2, True)
    ended = patchline("dead-letters", "drop")
    assert (ended.code, ended.sentence.startswith("say which to drop")) == (2, True)
    ended = patchline("dead-letters", "show", "9/9")
    assert (ended.code, ended.sentence.startswith("'9/9' is no dead letter")) == (2, True)
