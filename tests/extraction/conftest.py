"""The process that a test's workers are forked from."""

from collections.abc import AsyncIterator

import pytest

from workers.extraction.forks import Forks


@pytest.fixture
async def forks() -> AsyncIterator[Forks]:
    """Started by the first worker."""
    made = Forks()
    yield made
    await made.stop()
