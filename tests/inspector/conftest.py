"""The plant of each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.inspector.plant import Plant, build_plant


@pytest.fixture
async def plant(tmp_path: Path, valkey_url: str) -> AsyncIterator[Plant]:
    """An installation in memory, with nothing taught."""
    made = await build_plant(tmp_path, valkey_url)
    yield made
    await made.broker.close()
