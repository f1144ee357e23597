"""Which frames were with a worker when all ended, and how often each was alone in one: kept in Redis, so that
it survives us."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

MAX_TRIES = 3
# Longer than any restart of an inspector, short enough that a mended worker gets a fresh start next day.
_KEPT_SECONDS = 86_400
# A Redis that hangs costs one timeout, then it is left alone for so long.
_ALONE_SECONDS = 30.0
_log = structlog.get_logger()


class Tries(Protocol):
    """Follows frames into a worker and out of it. No method raises."""

    async def enter(self, uids: Sequence[UUID]) -> bool:
        """These go into a worker together. True when one of them was in a worker before and never came out:
        its inspector died with it, so they are better tried one at a time."""
        ...

    async def begin(self, uid: UUID) -> int:
        """This one goes into a worker alone; the number of this try, from 1 on."""
        ...

    async def leave(self, uids: Sequence[UUID]) -> None:
        """These came out and are forgotten."""
        ...


class MemoryTries:
    """Counts in this process alone."""

    def __init__(self) -> None:
        self._counts: Counter[UUID] = Counter()

    async def enter(self, uids: Sequence[UUID]) -> bool:
        """Always False: what this process forgot, it never knew."""
        return False

    async def begin(self, uid: UUID) -> int:
        """The number of this try, from 1 on."""
        self._counts[uid] += 1
        return self._counts[uid]

    async def leave(self, uids: Sequence[UUID]) -> None:
        """Forget their counts."""
        for uid in uids:
            self._counts.pop(uid, None)


class RedisTries:
    """Counts in Redis, and here as well for as long as Redis is away. Each method may wait as long as the
    client's timeout."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._here = MemoryTries()
        self._alone_until = 0.0

    async def enter(self, uids: Sequence[UUID]) -> bool:
        """See ``Tries``."""
        if time.monotonic() < self._alone_until:
            return False
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for uid in uids:
                    pipe.set(_entered(uid), 1, ex=_KEPT_SECONDS, get=True)
                return any(before is not None for before in await pipe.execute())
        except RedisError as error:
            self._lost(error)
            return False

    async def begin(self, uid: UUID) -> int:
        """See ``Tries``."""
        here = await self._here.begin(uid)
        try:
            count = int(await self._redis.incr(_counted(uid)))
            await self._redis.expire(_counted(uid), _KEPT_SECONDS)
        except RedisError as error:
            self._lost(error)
            return here
        return max(count, here)

    async def leave(self, uids: Sequence[UUID]) -> None:
        """See ``Tries``."""
        await self._here.leave(uids)
        if not uids or time.monotonic() < self._alone_until:
            return
        try:
            await self._redis.unlink(*(key(uid) for uid in uids for key in (_entered, _counted)))
        except RedisError as error:
            self._lost(error)

    def _lost(self, error: RedisError) -> None:
        self._alone_until = time.monotonic() + _ALONE_SECONDS
        _log.warning("tries counted in this process alone", cause=str(error))


def _entered(uid: UUID) -> str:
    return f"patchline:with-worker:{uid}"


def _counted(uid: UUID) -> str:
    return f"patchline:tries:{uid}"
