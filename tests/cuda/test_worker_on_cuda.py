"""Extraction workers on a GPU: real child processes, real errors of the device."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import torch

from service.settings import EngineSettings, Settings, TelemetrySettings
from tests.cuda.device import DEVICE, on_cuda
from tests.extraction.lines import DEFECTIVE, GOOD, on_disk
from workers.extraction.client import ExtractionClient, RequestFailed
from workers.extraction.forks import Forks
from workers.extraction.protocol import FrameIn, Judged

pytestmark = [pytest.mark.gpu, on_cuda, pytest.mark.timeout(240)]
SECONDS = 120.0


async def started(forks: Forks) -> ExtractionClient:
    engine = EngineSettings(device=DEVICE, precision="float32")
    return await ExtractionClient.start(
        forks, Settings(engine=engine, telemetry=TelemetrySettings(log_level="error"))
    )


@pytest.fixture
async def forks() -> AsyncIterator[Forks]:
    made = Forks()
    yield made
    await made.stop()


@pytest.fixture
async def worker(forks: Forks) -> AsyncIterator[ExtractionClient]:
    client = await started(forks)
    yield client
    await client.stop()


async def load(worker: ExtractionClient, folder: Path, line: str, epoch: int = 1) -> None:
    bank = on_disk(folder, line, epoch)
    assert await worker.load(str(bank.path), bank.activation.to_bytes(), SECONDS) is None


async def test_banks_are_exchanged_while_frames_are_scored_and_no_verdict_is_another(
    worker: ExtractionClient, tmp_path: Path
) -> None:
    for line in ("line1", "line2"):
        await load(worker, tmp_path, line)
    frames = [FrameIn(f"line{1 + place % 2}", DEFECTIVE if place % 3 == 0 else GOOD) for place in range(8)]
    first = await worker.score(frames, SECONDS)
    done = asyncio.Event()

    async def exchange() -> None:
        for epoch in range(2, 42):
            await load(worker, tmp_path, "line1", epoch)
        done.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(exchange())
        rounds = 0
        while not done.is_set():
            count = 1 + rounds % 8
            for outcome, wanted in zip(
                await worker.score(frames[:count], SECONDS), first[:count], strict=True
            ):
                assert isinstance(outcome, Judged)
                assert isinstance(wanted, Judged)
                assert outcome.verdict == wanted.verdict
                assert outcome.score == pytest.approx(wanted.score, rel=1e-3)
            rounds += 1
    assert rounds > 10


async def test_a_device_that_is_full_fails_its_batch_alone(worker: ExtractionClient, tmp_path: Path) -> None:
    await load(worker, tmp_path, "line1")
    free, _ = torch.cuda.mem_get_info()
    hog = torch.empty(free - 64 * 2**20, dtype=torch.uint8, device=DEVICE)
    with pytest.raises(RequestFailed, match="out of memory"):
        await worker.score([FrameIn("line1", GOOD)] * 64, SECONDS)
    del hog
    torch.cuda.empty_cache()
    outcomes = await worker.score([FrameIn("line1", GOOD)] * 64, SECONDS)
    assert all(isinstance(outcome, Judged) and outcome.verdict == "ok" for outcome in outcomes)


async def test_a_kernel_that_fails_ends_every_computation_of_its_process_and_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What case 22 of the fault suite injects is what CUDA does: an inspector replaces such a worker."""
    start, mark = asyncio.create_subprocess_exec, tmp_path / "fail"

    async def start_failing(*command: str, **options: Any) -> asyncio.subprocess.Process:
        named = ["tests.cuda.failing_extraction" if a == "workers.extraction" else a for a in command]
        return await start(*named, **options)

    healthy_forks, failing_forks = Forks(), Forks()
    healthy = await started(healthy_forks)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", start_failing)
    monkeypatch.setenv("FAILING_KERNEL", str(mark))
    failing = await started(failing_forks)
    try:
        for client in (failing, healthy):
            await load(client, tmp_path, "line1")
            assert isinstance((await client.score([FrameIn("line1", GOOD)], SECONDS))[0], Judged)
        mark.touch()
        with pytest.raises(RequestFailed, match="CUDA error"):
            await failing.score([FrameIn("line1", GOOD)], SECONDS)
        mark.unlink()
        with pytest.raises(RequestFailed, match="CUDA error"):
            await failing.score([FrameIn("line1", GOOD)], SECONDS)
        with pytest.raises(RequestFailed, match="CUDA error"):
            await failing.probe(SECONDS)
        await healthy.probe(SECONDS)
        assert isinstance((await healthy.score([FrameIn("line1", GOOD)], SECONDS))[0], Judged)
    finally:
        for client, forks in ((failing, failing_forks), (healthy, healthy_forks)):
            await client.stop()
            await forks.stop()
