"""A bench that waits for verdicts does not wait for a program that is gone."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.embedded.server import EmbeddedError
from service.settings import EngineSettings, Settings
from workers.cli.traffic import Traffic
from workers.demo.installation import Installation


def traffic(tmp: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception | None) -> Traffic:
    def require_alive() -> None:
        if failure is not None:
            raise failure

    installation = Installation(Settings(), tmp, ExitStack())
    monkeypatch.setattr(installation, "require_alive", require_alive)
    return Traffic(installation, EngineSettings())


async def test_the_end_of_a_lost_programs_log_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = EmbeddedError("the inspector ended: No module named 'x'")
    with pytest.raises(EmbeddedError, match="No module named"):
        async with asyncio.timeout(5):
            await traffic(tmp_path, monkeypatch, lost).judged(["frame-1"])


async def test_verdicts_that_come_late_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = traffic(tmp_path, monkeypatch, None)
    waiting = asyncio.create_task(one.judged(["frame-1"]))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    one.verdicts.written["frame-1"] = 1
    async with asyncio.timeout(5):
        await waiting
