"""A bank whose golden frames score otherwise is refused by a real child process, and the old one stays."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from schemas.ids import sha256_hex
from service.banks.bank_file import read_bank, write_bank
from service.banks.golden import GoldenFrames
from service.settings import EngineSettings, Settings, TelemetrySettings
from tests.extraction.lines import DEFECTIVE, GOOD, on_disk, taught
from workers.extraction.client import ExtractionClient
from workers.extraction.forks import Forks
from workers.extraction.protocol import FrameIn, Judged, Refused

SECONDS = 60.0


@pytest.fixture
async def worker(forks: Forks) -> AsyncIterator[ExtractionClient]:
    settings = Settings(engine=EngineSettings(threads=1), telemetry=TelemetrySettings(log_level="error"))
    client = await ExtractionClient.start(forks, settings)
    yield client
    await client.stop()


async def _load(worker: ExtractionClient, folder: Path, golden: GoldenFrames | None) -> Refused | None:
    """Load the line's bank with other golden frames, as epoch 2."""
    loaded = read_bank(taught("line1").data)
    data = write_bank(loaded.memory_bank, loaded.manifest, golden)
    path = folder / "other"
    path.write_bytes(data)
    bank = on_disk(folder, "line1", epoch=2)
    changed = bank.activation.model_copy(update={"version": sha256_hex(data), "size_bytes": len(data)})
    return await worker.load(str(path), changed.to_bytes(), SECONDS)


async def _epoch(worker: ExtractionClient) -> int:
    (judged,) = await worker.score([FrameIn("line1", GOOD)], SECONDS)
    assert isinstance(judged, Judged)
    return judged.epoch


async def test_a_bank_whose_golden_frames_differ_is_refused_and_the_old_one_serves_on(
    worker: ExtractionClient, tmp_path: Path
) -> None:
    bank = on_disk(tmp_path, "line1")
    assert await worker.load(str(bank.path), bank.activation.to_bytes(), SECONDS) is None
    golden = read_bank(bank.path).golden
    assert golden is not None
    scored_otherwise = GoldenFrames(
        golden.parts, golden.scores + np.float32(1), golden.features, golden.pictures
    )
    # The child takes a picture of the input's size for the view of a part that was too large to keep.
    pictured_otherwise = replace(golden, pictures=(DEFECTIVE,) * len(golden.pictures))
    for spoilt, what in ((scored_otherwise, "stored features"), (pictured_otherwise, "picture")):
        refused = await _load(worker, tmp_path, spoilt)
        assert refused is not None
        assert refused.reason == "golden-differs"
        assert f"its {what} score" in refused.sentence
        assert await _epoch(worker) == 1


async def test_a_bank_without_golden_frames_is_put_in_force(worker: ExtractionClient, tmp_path: Path) -> None:
    assert await _load(worker, tmp_path, None) is None
    assert await _epoch(worker) == 2
