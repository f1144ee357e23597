"""A bench that waits for verdicts does not wait for a program that is gone."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from service.embedded.server import EmbeddedError
from service.settings import EngineSettings, Settings
from workers.cli.traffic import Traffic
from workers.demo.installation import Installation


def traffic(failure: Exception | None) -> Traffic:
    def require_alive() -> None:
        if failure is not None:
            raise failure

    installation = SimpleNamespace(settings=Settings(), require_alive=require_alive)
    return Traffic(cast(Installation, installation), EngineSettings())


async def test_the_end_of_a_lost_programs_log_is_told_at_once() -> None:
    with pytest.raises(EmbeddedError, match="No module named"):
        async with asyncio.timeout(5):
            await traffic(EmbeddedError("the inspector ended: No module named 'x'")).judged(["frame-1"])


async def test_verdicts_that_come_late_are_waited_for() -> None:
    one = traffic(None)
    waiting = asyncio.create_task(one.judged(["frame-1"]))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    one.verdicts.written["frame-1"] = 1
    async with asyncio.timeout(5):
        await waiting
