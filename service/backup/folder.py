"""A backup as it lies on disk: logs, objects and databases as files, and a list of all with their hashes.

The list is written last: a folder without one is no backup. No file is trusted before its hash is checked.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import file_digest
from pathlib import Path

import msgspec

from schemas.frame import Headers
from service.store.whole_file import whole_file
from service.stream.base import Record

FORMAT = 1
LIST = "backup.json"
LOGS, OBJECTS, DATABASES = "logs", "objects", "databases"


class BackupRefused(ValueError):
    """Nothing was written, or nothing more; the sentence says why and what to do."""


class KeptRecord(msgspec.Struct, frozen=True):
    """A record of a log: a line of JSON, its bytes in base64."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]

    @classmethod
    def of(cls, record: Record) -> "KeptRecord":
        """Everything but its place."""
        headers = [(name, value) for name, value in record.headers]
        return cls(record.offset, record.timestamp_ms, record.key, record.value, headers)

    def equals(self, record: Record) -> bool:
        """Whether the record says the same; when it was written may differ."""
        said = (record.key, record.value, tuple(record.headers))
        return (self.key, self.value, self.as_headers()) == said

    def as_headers(self) -> Headers:
        """As a producer takes them."""
        return tuple((name, value) for name, value in self.headers)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(KeptRecord)


def line_of(record: KeptRecord) -> bytes:
    """The record as a line."""
    return _encoder.encode(record) + b"\n"


class BackupFolder:
    """Blocks on the disk. Raises ``OSError``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self) -> None:
        """Make the folder, for its owner alone: it may hold hashes of passwords. Raises ``BackupRefused`` for
        one that has something in it."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(self.path.iterdir()):
            raise BackupRefused(f"{self.path} is not empty: name a new folder for each backup")
        self.path.chmod(0o700)
        for kind in (LOGS, OBJECTS, DATABASES):
            (self.path / kind).mkdir()

    def log_file(self, name: str) -> Path:
        """The file of a log."""
        return self.path / LOGS / f"{name}.jsonl"

    def records(self, name: str) -> Iterator[KeptRecord]:
        """The records of a log, in order, one at a time."""
        with self.log_file(name).open("rb") as file:
            for line in file:
                yield _decoder.decode(line)

    def object_file(self, key: str) -> Path:
        """The file of an object; its folder exists. Raises ``BackupRefused`` for a key that leaves it."""
        path = self.path / OBJECTS / key
        if not path.resolve().is_relative_to((self.path / OBJECTS).resolve()):
            raise BackupRefused(f"{key!r} leaves the backup: it is refused")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def objects(self) -> Iterator[str]:
        """The keys of all objects, sorted."""
        home = self.path / OBJECTS
        yield from sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())

    def database_file(self, name: str) -> Path:
        """The file of a database, which is not there when there was none."""
        return self.path / DATABASES / f"{name}.sqlite"

    def finish(self, told: Mapping[str, object]) -> None:
        """Write the list: from now on it is a backup."""
        files = {name: _sha256(self.path / name) for name in self._files()}
        text = json.dumps({"format": FORMAT, **told, "files": files}, indent=1)
        with whole_file(self.path / LIST) as file:
            file.write(text.encode())

    def check(self) -> None:
        """Raises ``BackupRefused`` naming the first file that is missing, changed, or not on the list."""
        try:
            told = json.loads((self.path / LIST).read_bytes())
            files, version = dict(told["files"]), int(told["format"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BackupRefused(f"{self.path} is no finished backup ({error}): take another") from error
        if version != FORMAT:
            raise BackupRefused(f"{self.path} has format {version}, which this Patchline lacks: upgrade")
        present = set(self._files())
        for name in sorted(present | files.keys()):
            if name not in files or name not in present or _sha256(self.path / name) != files[name]:
                raise BackupRefused(f"{name} of {self.path} is not as it was written: take another backup")

    def _files(self) -> Iterator[str]:
        for path in sorted(self.path.rglob("*")):
            if path.is_file() and path.name != LIST:
                yield str(path.relative_to(self.path))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
