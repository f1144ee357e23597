"""From a setting to a store."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from service.settings import StoreSettings
from service.store.errors import StoreError
from service.store.object_store import Backend, ObjectStore

REMOTE_ATTEMPTS = 3
# obstore's own limit is for a whole transfer, whatever its size; ours grows with the size.
LONGEST_TRANSFER = timedelta(hours=1)


def open_store(settings: StoreSettings) -> ObjectStore:
    """The store that the settings name; a missing folder is created, nothing is contacted. S3 takes its
    credentials, region and endpoint from the usual ``AWS_`` variables. Raises ``StoreError``."""
    scheme = urlsplit(settings.url).scheme
    try:
        backend = _backend(scheme, settings)
    except (BaseError, OSError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), "")
        raise StoreError(
            f"the object store {settings.url} cannot be opened ({reason}): correct PATCHLINE_STORE__URL"
        ) from error
    attempts = REMOTE_ATTEMPTS if scheme == "s3" else 1
    return ObjectStore(backend, settings.url, settings.timeout_seconds, attempts)


def _backend(scheme: str, settings: StoreSettings) -> Backend:
    if scheme == "file":
        return LocalStore(_folder(settings.url), mkdir=True)
    if scheme == "memory":
        return MemoryStore()
    if scheme == "s3":
        return _bucket(settings)
    raise ValueError("it is none of file:///folder, s3://bucket/prefix and memory://")


def _folder(url: str) -> Path:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or not parts.path:
        raise ValueError("a folder is written with three slashes, as file:///folder")
    return Path(unquote(parts.path))


def _bucket(settings: StoreSettings) -> S3Store:
    return S3Store.from_url(
        settings.url,
        client_options={
            # Given options replace the environment's, AWS_ALLOW_HTTP among them; http stays a choice of
            # whoever writes it into AWS_ENDPOINT_URL.
            "allow_http": True,
            "connect_timeout": timedelta(seconds=settings.timeout_seconds),
            "timeout": LONGEST_TRANSFER,
        },
        # We try again ourselves, where it is safe.
        retry_config={"max_retries": 0},
    )
