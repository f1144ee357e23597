"""One API to a folder, an S3 bucket or this process's memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeVar

import obstore
import stamina
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, MemoryStore, S3Store

from service.store.errors import MissingObject, ObjectTooLarge, StoreError, StoreUnreachable, told_as
from service.store.whole_file import whole_file
from service.store.writers import Writers

T = TypeVar("T")
Backend = LocalStore | MemoryStore | S3Store
# A transfer may take the timeout plus a second for each of these: a slow link is not a dead one.
SLOWEST_BYTES_PER_SECOND = 2**20
PING_KEY = "health/ping"


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a listing."""

    key: str
    size: int
    modified: datetime


class ObjectStore:
    """Objects by key. Every method may wait for the network or the disk, never longer than the timeout
    allows for the size. They raise ``StoreError``; a ``StoreUnreachable`` is worth another try later."""

    def __init__(self, backend: Backend, url: str, timeout_seconds: float, attempts: int = 1) -> None:
        self.url = url
        self._backend = backend
        self._timeout = timeout_seconds
        self._attempts = attempts
        self._writers = Writers(self._write_now)

    async def put(self, key: str, data: bytes, *, create_only: bool = False) -> bool:
        """Write an object, whole or not at all. With ``create_only`` an existing one stays as it is,
        and the answer is False."""
        if create_only:
            return await self._create(key, data)
        await self._retried(lambda: self._overwrite(key, data))
        return True

    async def put_all(self, objects: Mapping[str, bytes]) -> Mapping[str, StoreError]:
        """Write objects by key, each whole or not at all, in no order. What could not be written, and why;
        those may yet be, and can be put again."""
        if isinstance(self._backend, LocalStore):
            return await self._write_all(list(objects.items()))
        failures = await asyncio.gather(*(self._failure(key, data) for key, data in objects.items()))
        return {key: failure for key, failure in zip(objects, failures, strict=True) if failure is not None}

    async def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        """An object's bytes. Raises ``MissingObject``, or ``ObjectTooLarge`` before reading it."""
        return await self._retried(lambda: self._get(key, max_bytes))

    async def get_to_file(self, key: str, path: Path, *, max_bytes: int | None = None) -> str:
        """Write an object to a file, which appears whole or not at all, and answer its sha256; memory
        does not grow with the object. Raises as ``get`` does, and ``OSError`` where the file cannot be."""
        return await self._retried(lambda: self._get_to_file(key, path, max_bytes))

    async def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        try:
            await self._retried(lambda: self._head(key))
        except MissingObject:
            return False
        return True

    async def list(self, prefix: str) -> AsyncIterator[Listed]:
        """The objects in a folder and below it, in no order; ``prefix`` ends where a folder does."""
        stream = aiter(obstore.list(self._backend, _checked(prefix) if prefix else None))
        while True:
            with told_as("list", prefix, self.url):
                async with asyncio.timeout(self._timeout):
                    chunk = await anext(stream, None)
            if chunk is None:
                return
            for meta in chunk:
                yield Listed(meta["path"], meta["size"], meta["last_modified"])

    async def delete(self, key: str) -> None:
        """Remove an object; a missing one is no error, so that a delete can be made again."""
        try:
            await self._retried(lambda: self._delete(key))
        except MissingObject:
            return

    async def ping(self) -> None:
        """Write and read a small object; raises ``StoreError`` when frames could not be kept."""
        await self.put(PING_KEY, b"patchline")
        await self.get(PING_KEY)

    async def _create(self, key: str, data: bytes) -> bool:
        # Never tried again here: after a lost answer, a second try would say that somebody else had won.
        try:
            await self._put(key, data, "create")
        except AlreadyExistsError as error:
            # S3 also answers a conflict while another writer is still at it, who may yet fail.
            if not await self.exists(key):
                raise StoreUnreachable(f"another writer is making {key!r}: try again") from error
            return False
        return True

    async def _overwrite(self, key: str, data: bytes) -> None:
        try:
            await self._put(key, data, "overwrite")
        except AlreadyExistsError as error:
            raise StoreUnreachable(f"another writer holds {key!r} in {self.url}: try again") from error

    async def _put(self, key: str, data: bytes, mode: Literal["create", "overwrite"]) -> None:
        with told_as("put", key, self.url):
            async with asyncio.timeout(self._timeout + len(data) / SLOWEST_BYTES_PER_SECOND):
                await obstore.put_async(self._backend, _checked(key), data, mode=mode)

    async def _failure(self, key: str, data: bytes) -> StoreError | None:
        try:
            await self.put(key, data)
        except StoreError as error:
            return error
        return None

    async def _write_all(self, objects: Sequence[tuple[str, bytes]]) -> Mapping[str, StoreError]:
        size = sum(len(data) for _, data in objects)
        ended = await self._writers.write(objects, self._timeout + size / SLOWEST_BYTES_PER_SECOND)
        failures: dict[str, StoreError] = {}
        for key, _ in objects:
            try:
                with told_as("put", key, self.url):
                    if (error := ended.get(key, TimeoutError())) is not None:
                        raise error
            except StoreError as failure:
                failures[key] = failure
        return failures

    def _write_now(self, key: str, data: bytes) -> None:
        obstore.put(self._backend, _checked(key), data, mode="overwrite")

    async def _head(self, key: str) -> None:
        with told_as("find", key, self.url):
            async with asyncio.timeout(self._timeout):
                await obstore.head_async(self._backend, _checked(key))

    async def _delete(self, key: str) -> None:
        with told_as("delete", key, self.url):
            async with asyncio.timeout(self._timeout):
                await obstore.delete_async(self._backend, _checked(key))

    async def _get(self, key: str, max_bytes: int | None) -> bytes:
        found = await self._open(key, max_bytes)
        with told_as("get", key, self.url):
            async with asyncio.timeout(self._timeout + found.meta["size"] / SLOWEST_BYTES_PER_SECOND):
                return (await found.bytes_async()).to_bytes()

    async def _open(self, key: str, max_bytes: int | None) -> "obstore.GetResult":
        with told_as("get", key, self.url):
            async with asyncio.timeout(self._timeout):
                found = await obstore.get_async(self._backend, _checked(key))
        size = found.meta["size"]
        if max_bytes is not None and size > max_bytes:
            raise ObjectTooLarge(f"object {key!r} has {size} bytes, above the limit of {max_bytes}: refused")
        return found

    async def _get_to_file(self, key: str, path: Path, max_bytes: int | None) -> str:
        found = await self._open(key, max_bytes)
        with whole_file(path) as file:
            return await self._pour(key, found, file.write)

    async def _pour(self, key: str, found: "obstore.GetResult", write: Callable[[memoryview], int]) -> str:
        digest = sha256()
        stream = aiter(found.stream())
        while True:
            with told_as("get", key, self.url):
                async with asyncio.timeout(self._timeout):
                    chunk = await anext(stream, None)
            if chunk is None:
                return digest.hexdigest()
            await asyncio.to_thread(digest.update, chunk)
            await asyncio.to_thread(write, memoryview(chunk))

    async def _retried(self, action: Callable[[], Awaitable[T]]) -> T:
        async for attempt in stamina.retry_context(on=StoreUnreachable, attempts=self._attempts):
            with attempt:
                return await action()
        raise StoreError("unreachable: the last attempt raises")  # pragma: no cover


def _checked(key: str) -> str:
    steps = key.split("/")
    if any(step in ("", ".", "..") for step in steps) or not key.isprintable():
        raise StoreError(f"object key {key!r} is refused: name it by folders and a name, without . or ..")
    return key
