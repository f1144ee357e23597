"""The page's device: a bank is loaded once, a worker that died is replaced, an idle one ends."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas.activation import Activated
from service.web.bench import BenchBroken, Judgement, Unjudged
from tests.web.plant import BEGAN, PNG, THRESHOLDS, version_of
from workers.extraction import protocol
from workers.extraction.client import WorkerDied
from workers.web import bench as module
from workers.web.bench import WorkerBench

BANK = Path("bank")


class FakeWorker:
    def __init__(self) -> None:
        self.dead, self.loads = False, 0

    async def load(self, path: str, activation: bytes, timeout: float) -> protocol.Refused | None:
        self.loads += 1
        return protocol.Refused(0, "other-line", "It is another's.") if b"other" in activation else None

    async def score(self, frames: Sequence[protocol.FrameIn], timeout: float) -> list[protocol.Outcome]:
        if any(frame.data == b"poison" for frame in frames):
            self.dead = True
            raise WorkerDied("the extraction worker ended")
        return [_outcome(frame.data) for frame in frames]

    async def stop(self) -> None:
        self.dead = True


def _outcome(data: bytes) -> protocol.Outcome:
    if data == b"text":
        return protocol.Unreadable("not-an-image", "")
    if data == b"flat":
        return protocol.Unfit("flat", 1, 1)
    regions = [(1, 2, 3, 4, 5.0)]
    return protocol.Judged("default", "v", 1, "defect", 5.0, 0.01, 0.01, 1.0, 0.5, regions, 8, 8, PNG)


def _bank(line: str = "a", epoch: int = 1) -> Activated:
    named = {"line": line, "epoch": epoch, "model": "default", "version": version_of(line, epoch)}
    return Activated(**named, size_bytes=1, thresholds=THRESHOLDS, activated_at=BEGAN)


@pytest.fixture
def workers() -> list[FakeWorker]:
    return []


@pytest.fixture
def bench(workers: list[FakeWorker]) -> WorkerBench:
    async def start() -> FakeWorker:
        workers.append(FakeWorker())
        return workers[-1]

    return WorkerBench(start, 1.0)


async def test_a_bank_is_loaded_once_and_every_answer_is_told(
    bench: WorkerBench, workers: list[FakeWorker]
) -> None:
    told = await bench.judge(BANK, _bank(), [b"part", b"text", b"flat"] * 5)
    await bench.judge(BANK, _bank(), [b"part"])
    assert [type(one) for one in told[:3]] == [Judgement, Unjudged, Unjudged]
    assert next(one.sentence for one in told if isinstance(one, Unjudged) and not one.readable)
    assert (len(told), len(workers), workers[0].loads) == (15, 1, 1)
    await bench.judge(BANK, _bank(epoch=2), [b"part"])
    assert workers[0].loads == 2
    await bench.stop()
    assert workers[0].dead


async def test_a_worker_that_died_is_told_of_and_replaced(
    bench: WorkerBench, workers: list[FakeWorker]
) -> None:
    with pytest.raises(BenchBroken, match="ended"):
        await bench.judge(BANK, _bank(), [b"poison"])
    assert len(await bench.judge(BANK, _bank(), [b"part"])) == 1
    assert (len(workers), workers[1].loads) == (2, 1)
    with pytest.raises(BenchBroken, match="refused here: It is another's"):
        await bench.judge(BANK, _bank("other"), [b"part"])
    await bench.stop()


async def test_an_idle_worker_ends(
    bench: WorkerBench, workers: list[FakeWorker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.01)
    await bench.judge(BANK, _bank(), [b"part"])
    async with asyncio.timeout(10):
        while not workers[0].dead:  # noqa: ASYNC110 - a fake signals nothing
            await asyncio.sleep(0.01)
    await bench.stop()
