"""The bank files of one host, bounded: what was not used for longest goes first."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

from service.store.whole_file import PARTIAL_PREFIX, whole_file

DEFAULT_LIMIT_BYTES = 20 * 2**30
# A partial file of a process that was killed; a living one is written far faster.
STALE_SECONDS = 3600.0


class HostFiles:
    """Files named by their sha256, shared by all processes of a host. All methods block on the disk and
    raise ``OSError``. No fsync: a file that a power cut tore fails its hash and is fetched again."""

    def __init__(self, folder: Path, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self.folder = folder
        self._limit = limit_bytes

    def path(self, version: str) -> Path:
        """Where the file of a version lies, or would; its folder exists."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{version}.safetensors"

    def find(self, version: str) -> Path | None:
        """The file, if it is there and its bytes are the version's; a spoilt one is removed."""
        path = self.path(version)
        try:
            if hash_of(path) == version:
                os.utime(path)
                return path
            path.unlink(missing_ok=True)
        except FileNotFoundError:
            return None
        return None

    def keep(self, version: str, data: bytes) -> Path:
        """Write a file whose hash the caller has checked."""
        path = self.path(version)
        with whole_file(path) as file:
            file.write(data)
        return path

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """A place in the folder for bytes that are yet to be checked; gone when the block ends."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=PARTIAL_PREFIX)
        os.close(descriptor)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def trim(self, newest: Path) -> None:
        """Remove the files unused for longest until the rest fits; never ``newest``. A file that some
        process has open stays readable there."""
        self._remove_stale()
        files = sorted(((p, s) for p in self._files() if (s := _stat(p))), key=lambda f: f[1].st_mtime_ns)
        excess = sum(stat.st_size for _, stat in files) - self._limit
        for path, stat in files:
            if excess <= 0:
                return
            if path != newest:
                path.unlink(missing_ok=True)
                excess -= stat.st_size

    def _files(self) -> list[Path]:
        return list(self.folder.glob("*.safetensors"))

    def _remove_stale(self) -> None:
        for path in self.folder.glob(f"{PARTIAL_PREFIX}*"):
            stat = _stat(path)
            if stat is not None and time.time() - stat.st_mtime > STALE_SECONDS:
                path.unlink(missing_ok=True)


def hash_of(path: Path) -> str:
    """The sha256 of a file, read in pieces."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        # Another process of the host was faster.
        return None
