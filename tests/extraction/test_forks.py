"""Laws of the process that workers are forked from: it comes back, leaves nothing, imports once."""

import asyncio
import os
import signal
import time

import psutil

from service.settings import EngineSettings, Settings, TelemetrySettings
from workers.extraction.client import ExtractionClient, WorkerDied
from workers.extraction.forks import Forks

SETTINGS = Settings(engine=EngineSettings(threads=1), telemetry=TelemetrySettings(log_level="error"))


async def gone(pid: int) -> bool:
    """Whether it soon runs no more; who reaps an orphan, and when, is the system's affair."""
    for _ in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        await asyncio.sleep(0.05)
    return False


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
    assert await gone(first.pid)
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
