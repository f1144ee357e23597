from pathlib import Path

import pytest

from tests.rebuilder.plant import Plant


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return Plant(tmp_path)
