"""Object stores that take nothing for as long as a test says: real ones, each in its way."""

import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from service.embedded.server import free_port
from service.settings import StoreSettings
from tests.harness.proxy import Proxy
from tests.harness.small_disk import require_small_disk, small_disk

_DISK_BYTES = 64 * 2**20


class Trouble(Protocol):
    """A store that works, until ``begin`` and again from ``end`` on. ``said`` is part of what is told."""

    settings: StoreSettings
    said: str

    def begin(self) -> None: ...

    def end(self) -> None: ...


class ReadOnly:
    """A folder whose file system is mounted read-only."""

    said = "Read-only file system"

    def __init__(self, disk: Path) -> None:
        self._disk = disk
        self.settings = StoreSettings(url=disk.as_uri(), timeout_seconds=5)

    def begin(self) -> None:
        self._remount("ro")

    def end(self) -> None:
        self._remount("rw")

    def _remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self._disk)], check=True)


class Denying:
    """A bucket of a server that answers 403: it no longer knows our key."""

    said = "denies to put"

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings

    def begin(self) -> None:
        self._answer(0)

    def end(self) -> None:
        self._answer(float("inf"))

    def _answer(self, requests: float) -> None:
        """Of so many requests from now on, moto asks for no key that it knows."""
        address = f"{self.settings.endpoint}/moto-api/reset-auth"
        head = {"Content-Type": "text/plain"}
        asked = urllib.request.Request(address, str(requests).encode(), head, method="POST")  # noqa: S310
        with urllib.request.urlopen(asked, timeout=20):  # noqa: S310 - loopback
            pass


class Away:
    """A bucket at an address where nobody answers."""

    said = "could not put"

    def __init__(self, settings: StoreSettings, proxy: Proxy, server_port: int) -> None:
        self.settings, self._proxy, self._server_port = settings, proxy, server_port

    def begin(self) -> None:
        self._proxy.__exit__(None, None, None)

    def end(self) -> None:
        self._proxy = Proxy(self._proxy.port, self._server_port)
        self._proxy.__enter__()


@contextmanager
def troubled_store(kind: str, folder: Path, s3_address: str, bucket: str) -> Iterator[Trouble]:
    """One that is ``read-only``, ``denies`` or is ``away`` between ``begin`` and ``end``."""
    if kind == "read-only":
        require_small_disk()
        with small_disk(folder / "disk", _DISK_BYTES) as disk:
            yield ReadOnly(disk)
    elif kind == "denies":
        denying = Denying(_bucket(folder, s3_address, bucket))
        try:
            yield denying
        finally:
            denying.end()
    else:
        port = urlsplit(s3_address).port or 80
        proxy = Proxy(free_port(), port).__enter__()
        away = Away(_bucket(folder, f"http://{proxy.address}", bucket), proxy, port)
        yield away
        away.begin()


def _bucket(folder: Path, address: str, bucket: str) -> StoreSettings:
    for name in ("key", "secret"):
        (folder / name).write_text(f"{name}\n")
    return StoreSettings(
        url=f"s3://{bucket}/{uuid4()}",
        endpoint=address,
        region="us-east-1",
        access_key_id_file=folder / "key",
        secret_access_key_file=folder / "secret",
        timeout_seconds=5,
    )
