"""S3's answers, as a small server of our own gives them: what is tried again, and what is said."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import stamina

from service.settings import SettingsError, StoreSettings
from service.store import MissingObject, ObjectStore, StoreError, StoreUnreachable, open_store


class Bucket(ThreadingHTTPServer):
    """Answers each request with the next code of ``script``, then with 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.script: list[int] = []
        self.asked: list[str] = []
        self.signed: list[str] = []


class _Answer(BaseHTTPRequestHandler):
    server: Bucket

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        only = " create" if self.headers.get("if-none-match") == "*" else ""
        self.server.signed.append(self.headers.get("authorization") or "")
        self.server.asked.append(f"{self.command} {self.path}{only}")
        self.send_response(self.server.script.pop(0) if self.server.script else 200)
        for name, value in (
            ("content-length", "0"),
            ("etag", '"x"'),
            ("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT"),
        ):
            self.send_header(name, value)
        self.end_headers()

    do_PUT = do_GET = do_HEAD = do_DELETE = _answer  # noqa: N815  http.server names them so

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    server = Bucket()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with stamina.set_testing(True, attempts=3, cap=True):
        yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def store(bucket: Bucket) -> ObjectStore:
    return open_store(StoreSettings(url="s3://bucket/prefix", timeout_seconds=2))


async def test_a_bucket_that_is_busy_is_asked_again(bucket: Bucket, store: ObjectStore) -> None:
    bucket.script = [503, 500]
    assert await store.get("a/b") == b""
    assert bucket.asked == ["GET /bucket/prefix/a/b"] * 3


async def test_a_create_is_never_tried_again(bucket: Bucket, store: ObjectStore) -> None:
    bucket.script = [503]
    with pytest.raises(StoreUnreachable):
        await store.put("a/b", b"x", create_only=True)
    assert bucket.asked == ["PUT /bucket/prefix/a/b create"]


async def test_a_create_of_what_is_there_answers_false(bucket: Bucket, store: ObjectStore) -> None:
    bucket.script = [412]
    assert not await store.put("a/b", b"x", create_only=True)


async def test_a_create_in_conflict_with_one_that_failed_is_worth_another_try(
    bucket: Bucket, store: ObjectStore
) -> None:
    bucket.script = [409, 404]
    with pytest.raises(StoreUnreachable, match="try again"):
        await store.put("a/b", b"x", create_only=True)


@pytest.mark.parametrize("code", [401, 403])
async def test_denied_is_said_at_once_and_names_the_remedy(
    bucket: Bucket, store: ObjectStore, code: int
) -> None:
    bucket.script = [code]
    with pytest.raises(StoreError, match="denies to put 'a/b': check its credentials"):
        await store.put("a/b", b"x")
    assert len(bucket.asked) == 1


async def test_a_missing_bucket_is_said_to_be_missing(bucket: Bucket, store: ObjectStore) -> None:
    bucket.script = [404]
    with pytest.raises(MissingObject, match="or the bucket"):
        await store.put("a/b", b"x")


async def test_a_bucket_that_is_gone_is_told_in_a_sentence(bucket: Bucket, store: ObjectStore) -> None:
    bucket.shutdown()
    bucket.server_close()
    with pytest.raises(StoreUnreachable, match=r"could not get 'a/b'.*check that it is up"):
        await store.get("a/b")


async def test_settings_say_more_than_the_environment(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "http://127.0.0.1:9" if name == "AWS_ENDPOINT_URL" else "elsewhere")
    (tmp_path / "id").write_text("me\n")
    (tmp_path / "secret").write_text("hush\n")
    settings = StoreSettings(
        url="s3://bucket/prefix",
        endpoint=f"http://127.0.0.1:{bucket.server_port}",
        region="eu-central-2",
        access_key_id_file=tmp_path / "id",
        secret_access_key_file=tmp_path / "secret",
    )
    await open_store(settings).get("a/b")
    assert bucket.asked == ["GET /bucket/prefix/a/b"]
    assert "Credential=me/" in bucket.signed[0]
    assert "/eu-central-2/s3/" in bucket.signed[0]
    assert "hush" not in repr(settings)


async def test_a_bucket_may_stand_in_the_hosts_name(bucket: Bucket) -> None:
    endpoint = f"http://127.0.0.1:{bucket.server_port}"
    settings = StoreSettings(url="s3://bucket/prefix", endpoint=endpoint, path_style=False)
    await open_store(settings).get("a/b")
    assert bucket.asked == ["GET /prefix/a/b"]


def test_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    settings = StoreSettings(url="s3://bucket", secret_access_key_file=tmp_path / "none")
    with pytest.raises(SettingsError, match="PATCHLINE_STORE__SECRET_ACCESS_KEY_FILE"):
        open_store(settings)
