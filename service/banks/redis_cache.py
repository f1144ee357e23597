"""Banks in Redis, in chunks: a hundred inspectors that start at once do not all pull from the store."""

import asyncio
import time

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from schemas.ids import sha256_hex
from service.banks.redis_client import redis_client
from service.settings import RedisSettings
from service.telemetry.metrics import CACHE_UP

log = structlog.get_logger()
# After a failure the cache is left alone for a while: a Redis that hangs costs one timeout, not one a bank.
REST_SECONDS = 5.0


def chunk_key(line: str, version: str, index: int) -> str:
    """The key of a chunk. How long chunks are is the writer's choice; readers add up to the size."""
    return f"patchline:bank:{line}:{version}:{index}"


class RedisCache:
    """``BankCache`` over Redis or Valkey; see there for what it never does. Chunks are written once, and
    live as long as somebody reads them within their time to live."""

    def __init__(self, client: Redis, settings: RedisSettings) -> None:
        self._client = client
        self._settings = settings
        self._failed_at: float | None = None

    @classmethod
    def open(cls, settings: RedisSettings) -> "RedisCache":
        """A cache by settings; connects at first use. Raises ``SettingsError``."""
        return cls(redis_client(settings), settings)

    @property
    def available(self) -> bool:
        return self._failed_at is None

    async def get(self, line: str, version: str, size: int) -> bytes | None:
        if self._resting():
            return None
        try:
            data = await self._read(line, version, size)
        except (RedisError, OSError, TimeoutError) as error:
            self._failed("get", error)
            return None
        self._worked()
        return data

    async def put(self, line: str, version: str, data: bytes) -> None:
        if self._resting():
            return
        try:
            await self._write(line, version, data)
        except (RedisError, OSError, TimeoutError) as error:
            self._failed("put", error)
            return
        self._worked()

    async def close(self) -> None:
        await self._client.aclose()

    async def _read(self, line: str, version: str, size: int) -> bytes | None:
        chunks: list[bytes] = []
        while sum(map(len, chunks)) < size:
            key = chunk_key(line, version, len(chunks))
            chunk = await self._client.getex(key, ex=self._settings.ttl_seconds)
            if not isinstance(chunk, bytes) or not chunk:
                return None
            chunks.append(chunk)
        # In a thread, which lets others run: to copy half a gigabyte takes longer than a heartbeat can wait.
        whole = await asyncio.to_thread(b"".join, chunks)
        # Not paranoia: an evicted and half rewritten bank, or a reply meant for another caller, ends here.
        if len(whole) == size and await asyncio.to_thread(sha256_hex, whole) == version:
            return whole
        log.warning("bank-cache-corrupt", line=line, version=version)
        await self._client.delete(*(chunk_key(line, version, index) for index in range(len(chunks))))
        return None

    async def _write(self, line: str, version: str, data: bytes) -> None:
        step = self._settings.chunk_bytes
        for index, start in enumerate(range(0, len(data), step)):
            await self._write_chunk(chunk_key(line, version, index), data[start : start + step])

    async def _write_chunk(self, key: str, chunk: bytes) -> None:
        if await self._client.strlen(key) == len(chunk):
            await self._client.expire(key, self._settings.ttl_seconds)
        else:
            await self._client.set(key, chunk, ex=self._settings.ttl_seconds)

    def _resting(self) -> bool:
        return self._failed_at is not None and time.monotonic() - self._failed_at < REST_SECONDS

    def _failed(self, action: str, error: Exception) -> None:
        if self._failed_at is None:
            log.warning("bank-cache-unavailable", action=action, error=str(error), remedy="check Redis")
        self._failed_at = time.monotonic()
        CACHE_UP.set(0)

    def _worked(self) -> None:
        if self._failed_at is not None:
            log.info("bank-cache-available")
        self._failed_at = None
        CACHE_UP.set(1)
