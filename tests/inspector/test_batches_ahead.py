"""The worker has its next batches before it has answered for the last: a device waits for no event loop."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from service.settings import EngineSettings, InspectorSettings
from workers.inspector.pipeline import Pipeline


class Scores:
    """A desk with frames without end, and a scorer that answers when it is let."""

    def __init__(self) -> None:
        self.given, self.answer = 0, asyncio.Event()

    async def next_batch(self) -> list[Any]:
        record = SimpleNamespace(partition=0, offset=self.given, headers=())
        envelope = SimpleNamespace(record=record, generation=1)
        return [SimpleNamespace(envelope=envelope, pixels=1, arrived=0.0)]

    def done(self, jobs: list[Any]) -> None:
        pass

    async def score(self, jobs: list[Any]) -> list[Any]:
        self.given += 1
        await self.answer.wait()
        return []


@pytest.mark.parametrize(("device", "at_worker"), [("cpu", 2), ("cuda", 3), ("cuda:1", 3)])
async def test_a_device_that_many_threads_decode_for_has_two_batches_ahead_and_a_cpu_one(
    device: str, at_worker: int
) -> None:
    scores: Any = Scores()
    nothing = cast(Any, None)
    ahead = EngineSettings(device=device).batches_ahead
    settings = InspectorSettings()
    pipeline = Pipeline(nothing, nothing, scores, scores, nothing, settings, nothing, ahead)
    scoring = asyncio.create_task(pipeline._score())
    await asyncio.sleep(0.05)
    assert scores.given == at_worker
    scoring.cancel()
