"""Which frames were with a worker when all ended, and how often each was alone in one: kept in Redis, so that
it survives us."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
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

    async def close(self) -> None:
        """No more will come: what is not yet forgotten for all is now."""
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

    async def close(self) -> None:
        """Nothing is kept for others."""

    def counts(self, uid: UUID) -> bool:
        """Whether this one was tried alone and did not leave."""
        return uid in self._counts


class RedisTries:
    """Counts in Redis, and here as well for as long as Redis is away. Each method may wait as long as the
    client's timeout, but ``leave`` of frames that were not tried alone: who left is told with who comes next,
    in one round trip."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._here = MemoryTries()
        self._alone_until = 0.0
        self._left: list[str] = []

    async def enter(self, uids: Sequence[UUID]) -> bool:
        """See ``Tries``."""
        if time.monotonic() < self._alone_until:
            return False
        try:
            async with self._after_those_who_left() as pipe:
                for uid in uids:
                    pipe.set(_entered(uid), 1, ex=_KEPT_SECONDS, get=True)
                answers = await pipe.execute()
                return any(before is not None for before in answers[len(answers) - len(uids) :])
        except RedisError as error:
            self._lost(error)
            return False

    async def begin(self, uid: UUID) -> int:
        """See ``Tries``."""
        here = await self._here.begin(uid)
        try:
            async with self._after_those_who_left() as pipe:
                pipe.incr(_counted(uid))
                pipe.expire(_counted(uid), _KEPT_SECONDS)
                count = int((await pipe.execute())[-2])
        except RedisError as error:
            self._lost(error)
            return here
        return max(count, here)

    async def leave(self, uids: Sequence[UUID]) -> None:
        """See ``Tries``."""
        # A count that outlived us would make of a good frame one that ends workers.
        alone = any(self._here.counts(uid) for uid in uids)
        await self._here.leave(uids)
        if time.monotonic() >= self._alone_until:
            self._left += [key(uid) for uid in uids for key in (_entered, _counted)]
        if alone:
            await self.close()

    async def close(self) -> None:
        """See ``Tries``."""
        try:
            async with self._after_those_who_left() as pipe:
                await pipe.execute()
        except RedisError as error:
            self._lost(error)

    def _after_those_who_left(self) -> Pipeline:
        left, self._left = self._left, []
        pipe = self._redis.pipeline(transaction=False)
        if left:
            pipe.unlink(*left)
        return pipe

    def _lost(self, error: RedisError) -> None:
        self._alone_until = time.monotonic() + _ALONE_SECONDS
        _log.warning("tries counted in this process alone", cause=str(error))


def _entered(uid: UUID) -> str:
    return f"patchline:with-worker:{uid}"


def _counted(uid: UUID) -> str:
    return f"patchline:tries:{uid}"
