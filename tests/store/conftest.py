"""A store of each kind that needs no server."""

from pathlib import Path

import pytest

from service.settings import StoreSettings
from service.store import ObjectStore, open_store


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    url = f"{(tmp_path / 'a folder').as_uri()}" if request.param == "file" else "memory://"
    return open_store(StoreSettings(url=url, timeout_seconds=5))
