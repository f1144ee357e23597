"""A ring on disk: frames wait here until the broker has them; past its size the oldest is dropped, counted.

One file a frame, which appears whole or not at all, so a process that dies leaves no half frame; one that a
power cut spoilt is known by its sha256, and dropped. One process uses a folder.
"""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.ids import sha256_hex
from service.store.whole_file import PARTIAL_PREFIX, whole_file

_ENDING = ".frame"


@dataclass(frozen=True, slots=True)
class Kept:
    """A frame in the ring: its number, what is known of it, and its bytes."""

    number: int
    known: Mapping[str, str]
    data: bytes


class Ring:
    """Frames in the order in which they came. Not for several threads at once. Every method blocks for the
    disk and may raise ``OSError``."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        """What an earlier process left is there. Partial files are removed."""
        folder.mkdir(parents=True, exist_ok=True)
        for partial in folder.glob(f"{PARTIAL_PREFIX}*"):
            partial.unlink(missing_ok=True)
        self._folder, self._max_bytes = folder, max_bytes
        present = sorted(path for path in folder.glob(f"*{_ENDING}") if path.stem.isdecimal())
        self._sizes = OrderedDict((int(path.stem), path.stat().st_size) for path in present)
        self._bytes = sum(self._sizes.values())
        self._next = max(self._sizes, default=0) + 1
        self.dropped = 0
        self.spoilt = 0

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def size(self) -> int:
        """How much room the frames take."""
        return self._bytes

    def add(self, known: Mapping[str, str], data: bytes) -> int:
        """Keep a frame behind all others; answers how many of the oldest were dropped for it. A frame that
        is larger than the ring is the one that is dropped."""
        header = json.dumps({**known, "sha256": sha256_hex(data)}).encode() + b"\n"
        size = len(header) + len(data)
        dropped = self._make_room(size)
        if size > self._max_bytes:
            self.dropped += 1
            return dropped + 1
        with whole_file(self._path(self._next)) as file:
            file.write(header)
            file.write(data)
        self._sizes[self._next] = size
        self._bytes += size
        self._next += 1
        return dropped

    def oldest(self) -> Kept | None:
        """The frame to send next; None when the ring is empty. Spoilt ones are dropped on the way."""
        while self._sizes:
            number = next(iter(self._sizes))
            kept = self._read(number)
            if kept is not None:
                return kept
            self.spoilt += 1
            self.remove(number)
        return None

    def remove(self, number: int) -> None:
        """The frame is with the broker, or nobody can have it; one that is gone already is no error."""
        size = self._sizes.pop(number, None)
        if size is not None:
            self._bytes -= size
            self._path(number).unlink(missing_ok=True)

    def _make_room(self, size: int) -> int:
        dropped = 0
        while self._sizes and self._bytes + size > self._max_bytes:
            self.remove(next(iter(self._sizes)))
            dropped += 1
        self.dropped += dropped
        return dropped

    def _read(self, number: int) -> Kept | None:
        try:
            header, _, data = self._path(number).read_bytes().partition(b"\n")
            known = json.loads(header)
            sha256 = known.pop("sha256")
        except (FileNotFoundError, ValueError, KeyError, AttributeError):
            return None
        return Kept(number, known, data) if sha256_hex(data) == sha256 else None

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:020d}{_ENDING}"
