"""A store of each kind: a folder, memory, and a bucket of a server that speaks S3."""

from pathlib import Path
from uuid import uuid4

import pytest

from service.settings import StoreSettings
from service.store import ObjectStore, open_store
from tests.harness.s3 import BUCKET


@pytest.fixture(params=["file", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param != "s3":
        url = f"{(tmp_path / 'a folder').as_uri()}" if request.param == "file" else "memory://"
        return open_store(StoreSettings(url=url, timeout_seconds=5))
    for name in ("key", "secret"):
        (tmp_path / name).write_text(f"{name}\n")
    return open_store(
        StoreSettings(
            url=f"s3://{BUCKET}/{uuid4()}",
            endpoint=str(request.getfixturevalue("s3_address")),
            region="us-east-1",
            access_key_id_file=tmp_path / "key",
            secret_access_key_file=tmp_path / "secret",
            timeout_seconds=5,
        )
    )
