"""Pictures that somebody uploads to teach a line with: bounded, looked at, and stored whole or not at all."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from schemas.ids import sha256_hex
from service.images.decode import ImageLimits
from service.images.header import ImageHeader
from service.images.probe import is_complete, probe
from service.images.unreadable import UnreadableImage
from service.store import MissingObject, ObjectStore
from service.store.keys import upload_key
from service.store.object_store import Listed
from service.web.problem import Problem

MAX_PICTURES = 1_000
MAX_BYTES = 4 * 2**30
# Each is held in memory until it is stored.
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A picture that is stored, by what its header states."""

    sha256: str
    size_bytes: int
    header: ImageHeader


@dataclass(slots=True)
class _Shelf:
    sizes: dict[str, int] = field(default_factory=dict)
    listed: bool = False


class Uploads:
    """The pictures of every line. The page decodes none of them: a process of its own does, that may die."""

    def __init__(self, store: ObjectStore, limits: ImageLimits) -> None:
        self._store, self._limits = store, limits
        self._shelves: dict[str, _Shelf] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def keep(self, line: str, chunks: AsyncIterator[bytes]) -> Uploaded:
        """Store a picture. Raises ``Problem``: 413 for too many bytes or pixels, 422 for bytes that are no
        readable image, 409 where the line has as many pictures as it may; ``StoreError``."""
        async with self._slots:
            data = await self._read(chunks)
            header = self._looked_at(data)
            sha256 = sha256_hex(data)
            await self._require_room(line, sha256, len(data))
            await self._store.put(upload_key(line, sha256), data)
            self._shelves[line].sizes[sha256] = len(data)
        return Uploaded(sha256, len(data), header)

    async def get(self, line: str, sha256: str) -> bytes:
        """The bytes of a picture. Raises ``Problem`` 404 for one that is not there, ``StoreError``."""
        try:
            return await self._store.get(upload_key(line, sha256), max_bytes=self._limits.max_bytes)
        except MissingObject as error:
            raise Problem(
                404, f"line {line} has no uploaded picture {sha256[:12]}, or no longer: upload it again"
            ) from error

    async def missing(self, line: str, names: list[str]) -> list[str]:
        """Those of these pictures, by sha256, that are not stored."""
        there = await asyncio.gather(*(self._store.exists(upload_key(line, sha)) for sha in names))
        return [sha for sha, exists in zip(names, there, strict=True) if not exists]

    async def _read(self, chunks: AsyncIterator[bytes]) -> bytes:
        read = bytearray()
        async for chunk in chunks:
            read += chunk
            if len(read) > self._limits.max_bytes:
                raise Problem(413, f"the picture has more than {self._limits.max_bytes:,} bytes: compress it")
        return bytes(read)

    def _looked_at(self, data: bytes) -> ImageHeader:
        try:
            header = probe(data)
            complete = is_complete(data)
        except UnreadableImage as error:
            raise Problem(
                422, f"{error} Save the picture again as JPEG or PNG", reason=error.reason
            ) from error
        if not complete:
            raise Problem(422, "the picture ends before its end: copy it again")
        if header.pixels > self._limits.max_pixels:
            raise Problem(
                413, f"the picture has more than {self._limits.max_pixels:,} pixels: make it smaller"
            )
        return header

    async def _require_room(self, line: str, sha256: str, size: int) -> None:
        shelf = self._shelves.setdefault(line, _Shelf())
        if not shelf.listed or self._full(shelf, size):
            # Old pictures go by themselves, so a full shelf is looked at again before it refuses.
            listed = {found.key.rpartition("/")[2]: found.size async for found in self._listed(line)}
            shelf.sizes, shelf.listed = listed, True
        if sha256 not in shelf.sizes and self._full(shelf, size):
            raise Problem(
                409,
                f"line {line} has {len(shelf.sizes):,} uploaded pictures, as many as it may: train with "
                "those, or wait until they expire",
            )

    def _listed(self, line: str) -> AsyncIterator[Listed]:
        return self._store.list(upload_key(line, "0" * 64).rpartition("/")[0])

    def _full(self, shelf: _Shelf, size: int) -> bool:
        return len(shelf.sizes) >= MAX_PICTURES or sum(shelf.sizes.values()) + size > MAX_BYTES
