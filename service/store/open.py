"""From a setting to a store."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from service.settings import SettingsError, StoreSettings
from service.store.errors import StoreError
from service.store.object_store import Backend, ObjectStore

if TYPE_CHECKING:
    from obstore.store import S3Config

REMOTE_ATTEMPTS = 3
# obstore's own limit is for a whole transfer, whatever its size; ours grows with the size.
LONGEST_TRANSFER = timedelta(hours=1)


def open_store(settings: StoreSettings) -> ObjectStore:
    """The store that the settings name; a missing folder is created, nothing is contacted. What the settings
    leave out of S3's credentials, region and endpoint is taken from the usual ``AWS_`` variables. Raises
    ``StoreError``, and ``SettingsError`` for a secret's file."""
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
        config=_stated(settings),
    )


def _stated(settings: StoreSettings) -> "S3Config":
    """What the settings say instead of the environment."""
    stated: S3Config = {"virtual_hosted_style_request": not settings.path_style}
    if settings.region is not None:
        stated["region"] = settings.region
    if settings.endpoint is not None:
        stated["endpoint"] = settings.endpoint
    if (key_id := _secret(settings.access_key_id_file, "ACCESS_KEY_ID_FILE")) is not None:
        stated["access_key_id"] = key_id
    if (secret := _secret(settings.secret_access_key_file, "SECRET_ACCESS_KEY_FILE")) is not None:
        stated["secret_access_key"] = secret
    return stated


def _secret(path: Path | None, name: str) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text().strip()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"PATCHLINE_STORE__{name} {path} cannot be read: give a readable text file or unset it"
        ) from error
