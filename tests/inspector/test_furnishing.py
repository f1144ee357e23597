"""What a new worker refuses is no longer taken for in force."""

from pathlib import Path
from typing import Any, cast

import pytest

from tests.extraction.lines import on_disk
from workers.extraction.client import ExtractionClient
from workers.extraction.protocol import Refused
from workers.inspector.loader import InForce, Loader


class Changed:
    """A worker whose device scores the golden frames of one line otherwise."""

    async def load(self, path: str, activation: bytes, timeout: float) -> Refused | None:
        return Refused(1, "golden-differs", "Golden frame 3.png scored 1 and its picture scores 2 here.")


@pytest.fixture
def refusing() -> ExtractionClient:
    # A device that changes under a running inspector cannot be had here.
    return cast(ExtractionClient, Changed())


async def test_a_line_whose_bank_the_new_worker_refuses_waits(
    refusing: ExtractionClient, tmp_path: Path
) -> None:
    async def worker() -> Any:
        return refusing

    bank = on_disk(tmp_path, "line1")
    loader = Loader(worker, memory_bytes=2**30)
    loader.in_force["line1"] = InForce(bank.activation, bank.path)
    await loader.furnish(refusing)
    assert loader.in_force == {}
    assert loader.room.used == 0
