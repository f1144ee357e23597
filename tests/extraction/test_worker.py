"""Laws of the extraction worker, each held against a real child process."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from service.backbones.runtime import Runtime
from service.settings import EngineSettings, Settings, TelemetrySettings
from tests.extraction.lines import DEFECTIVE, GOOD, RECIPE, on_disk, taught
from workers.extraction.client import ExtractionClient, RequestFailed, WorkerDied
from workers.extraction.forks import Forks
from workers.extraction.protocol import Features, FrameIn, Judged, Refused, Unfit, Unreadable

SECONDS = 60.0


@pytest.fixture
async def worker(forks: Forks) -> AsyncIterator[ExtractionClient]:
    settings = Settings(engine=EngineSettings(threads=1), telemetry=TelemetrySettings(log_level="error"))
    client = await ExtractionClient.start(forks, settings)
    yield client
    await client.stop()


async def _load(worker: ExtractionClient, folder: Path, line: str, epoch: int = 1) -> Refused | None:
    bank = on_disk(folder, line, epoch)
    return await worker.load(str(bank.path), bank.activation.to_bytes(), SECONDS)


async def test_a_batch_of_many_lines_gives_each_frame_its_own_outcome(
    worker: ExtractionClient, tmp_path: Path
) -> None:
    assert await _load(worker, tmp_path, "line1") is None
    frames = [
        FrameIn("line1", GOOD),
        FrameIn("line1", DEFECTIVE),
        FrameIn("untaught", GOOD),
        FrameIn("line1", GOOD[:-20]),
        FrameIn("line1", b"no image"),
    ]
    good, defective, untaught, truncated, garbage = await worker.score(frames, SECONDS)
    assert isinstance(good, Judged)
    assert isinstance(defective, Judged)
    assert defective.score > good.score
    assert defective.verdict == "defect"
    assert defective.heatmap is not None
    assert defective.regions
    assert (defective.epoch, defective.version) == (1, taught("line1").version)
    assert untaught == Unfit("no-bank", 128, 128)
    assert isinstance(truncated, Unreadable)
    assert truncated.reason == "truncated"
    assert isinstance(garbage, Unreadable)
    assert garbage.reason == "not-an-image"


async def test_the_engine_none_looks_at_nothing_and_calls_nothing_good(forks: Forks, tmp_path: Path) -> None:
    engine = EngineSettings(threads=1, runtime=Runtime.NONE)
    settings = Settings(engine=engine, telemetry=TelemetrySettings(log_level="error"))
    worker = await ExtractionClient.start(forks, settings)
    try:
        refused = await _load(worker, tmp_path, "line1")
        assert refused is not None
        assert "PATCHLINE_ENGINE__RUNTIME=auto" in refused.sentence
        frames = [FrameIn("line1", GOOD), FrameIn("untaught", b"no image")]
        assert await worker.score(frames, SECONDS) == [Unfit("no-engine", 0, 0)] * 2
    finally:
        await worker.stop()


async def test_a_refused_bank_leaves_the_old_one_in_force(worker: ExtractionClient, tmp_path: Path) -> None:
    assert await _load(worker, tmp_path, "line1") is None
    bank = on_disk(tmp_path, "line1", epoch=2)
    bank.path.write_bytes(bank.path.read_bytes()[:-1] + b"x")
    refused = await worker.load(str(bank.path), bank.activation.to_bytes(), SECONDS)
    assert refused is not None
    assert refused.reason == "wrong-hash"
    (judged,) = await worker.score([FrameIn("line1", GOOD)], SECONDS)
    assert isinstance(judged, Judged)
    assert judged.epoch == 1


async def test_a_bank_of_another_line_is_refused(worker: ExtractionClient, tmp_path: Path) -> None:
    bank = on_disk(tmp_path, "line1")
    stolen = bank.activation.model_copy(update={"line": "line2"})
    refused = await worker.load(str(bank.path), stolen.to_bytes(), SECONDS)
    assert refused is not None
    assert refused.reason == "other-line"


async def test_a_bank_file_that_was_cleared_away_may_be_tried_again(
    worker: ExtractionClient, tmp_path: Path
) -> None:
    bank = on_disk(tmp_path, "line1")
    bank.path.unlink()
    with pytest.raises(RequestFailed, match="cannot be read"):
        await worker.load(str(bank.path), bank.activation.to_bytes(), SECONDS)


async def test_features_equal_those_of_training(worker: ExtractionClient) -> None:
    built = taught("line1")
    contract = built.manifest.contract.model_dump_json().encode()
    recipe = RECIPE.model_dump_json().encode()
    features, unreadable = await worker.extract([GOOD, b""], recipe, contract, "float32", SECONDS)
    assert isinstance(features, Features)
    assert (features.rows, features.columns) == built.manifest.grid
    assert isinstance(unreadable, Unreadable)


async def test_a_killed_worker_fails_what_it_held_and_nothing_waits_for_it(worker: ExtractionClient) -> None:
    asking = asyncio.create_task(worker.probe(SECONDS))
    await asyncio.sleep(0)
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerDied):
        await asking
    assert worker.dead
    with pytest.raises(WorkerDied):
        await worker.probe(SECONDS)


async def test_a_hung_worker_is_ended(worker: ExtractionClient) -> None:
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(WorkerDied, match="did not answer"):
        await worker.probe(0.2)
    await worker.stop()
    assert not psutil.pid_exists(worker.pid)


async def test_a_worker_that_takes_too_much_memory_is_ended_and_says_so(forks: Forks) -> None:
    settings = Settings(engine=EngineSettings(threads=1, memory_bytes=10 * 2**20))
    with pytest.raises(WorkerDied, match=r"took \d+ MiB of memory and was ended"):
        await ExtractionClient.start(forks, settings)


async def test_a_worker_ends_with_its_owner(worker: ExtractionClient) -> None:
    pid = worker.pid
    await worker.stop()
    assert not psutil.pid_exists(pid)
