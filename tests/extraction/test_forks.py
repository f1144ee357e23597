"""Laws of the process that workers are forked from: it comes back, leaves nothing, imports once."""

import asyncio
import os
import signal
import time

import psutil
import pytest

from service.settings import EngineSettings, Settings, TelemetrySettings
from workers.extraction.client import ExtractionClient, WorkerDied
from workers.extraction.forks import Forks

SETTINGS = Settings(engine=EngineSettings(threads=1), telemetry=TelemetrySettings(log_level="error"))


def gone(pid: int) -> bool:
    """Whether it runs no more; who reaps an orphan, and when, is the system's affair."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_a_second_worker_starts_without_importing_anything_again(forks: Forks) -> None:
    first = await ExtractionClient.start(forks, SETTINGS)
    server = psutil.Process(first.pid).parent()
    assert server is not None
    imported = sum(server.cpu_times()[:2])
    first.kill()
    second = await ExtractionClient.start(forks, SETTINGS)
    await second.probe(60)
    spent = psutil.Process(second.pid).cpu_times()
    assert second.pid != first.pid
    assert spent.user + spent.system < imported, "an import costs more than all else that a worker needs"
    await asyncio.gather(first.stop(), second.stop())


async def test_a_fork_server_that_died_is_started_again(forks: Forks) -> None:
    first = await ExtractionClient.start(forks, SETTINGS)
    server = psutil.Process(first.pid).parent()
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)
    await first.stop()
    assert gone(first.pid)
    deadline = time.monotonic() + 60
    while True:
        try:
            second = await ExtractionClient.start(forks, SETTINGS)
        except WorkerDied:
            assert time.monotonic() < deadline
        else:
            break
    await second.probe(60)
    await second.stop()


async def test_nothing_is_left_when_owner_and_workers_have_ended(forks: Forks) -> None:
    worker = await ExtractionClient.start(forks, SETTINGS)
    server = psutil.Process(worker.pid).parent()
    assert server is not None
    await worker.stop()
    await forks.stop()
    assert not psutil.pid_exists(worker.pid)
    assert not psutil.pid_exists(server.pid)


async def test_a_worker_that_cannot_start_says_so(forks: Forks) -> None:
    settings = SETTINGS.model_copy(update={"engine": EngineSettings(threads=1, memory_bytes=2**20)})
    with pytest.raises(WorkerDied):
        await ExtractionClient.start(forks, settings)
