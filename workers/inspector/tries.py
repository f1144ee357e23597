"""How often a frame has been alone in the worker when it died: kept in Redis, so that it survives us."""

from collections import Counter
from typing import Protocol
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

MAX_TRIES = 3
# Longer than any restart of an inspector, short enough that a mended worker gets a fresh start next day.
_KEPT_SECONDS = 86_400
_log = structlog.get_logger()


class Tries(Protocol):
    """Counts the tries of frames that were with a worker when it died."""

    async def begin(self, uid: UUID) -> int:
        """The number of this try, from 1 on. Never raises."""
        ...


class MemoryTries:
    """Counts in this process alone."""

    def __init__(self) -> None:
        self._counts: Counter[UUID] = Counter()

    async def begin(self, uid: UUID) -> int:
        """The number of this try, from 1 on."""
        self._counts[uid] += 1
        return self._counts[uid]


class RedisTries:
    """Counts in Redis, and here as well for as long as Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._here = MemoryTries()

    async def begin(self, uid: UUID) -> int:
        """The number of this try, from 1 on; may wait as long as the client's timeout."""
        here = await self._here.begin(uid)
        key = f"patchline:tries:{uid}"
        try:
            count = int(await self._redis.incr(key))
            await self._redis.expire(key, _KEPT_SECONDS)
        except RedisError as error:
            _log.warning("tries counted in this process alone", cause=str(error))
            return here
        return max(count, here)
