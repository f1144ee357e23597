"""A program's pulse in Redis, under a key that goes by itself when the program does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from service.banks.redis_client import redis_client
from service.settings import RedisSettings
from service.telemetry.pulse import Meter, Pulse

PREFIX = "patchline:pulse:"
BEAT_SECONDS = 5.0
# Three beats may be lost before a program counts as gone.
LIFE_SECONDS = 20
_log = structlog.get_logger()


@contextlib.asynccontextmanager
async def beating(
    settings: RedisSettings, program: str, not_ready_because: Callable[[], str | None]
) -> AsyncIterator[None]:
    """Tell that the program lives while the block runs. A Redis that does not answer costs nothing but the
    telling. Raises ``SettingsError`` for a URL that is none."""
    redis = redis_client(settings)
    task = asyncio.create_task(_beat(redis, Meter(program), not_ready_because), name="pulse")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await redis.aclose()


async def living(redis: Redis) -> Sequence[Pulse]:
    """The programs that told of themselves lately, by name. Raises ``ConnectionError``."""
    try:
        keys = [key async for key in redis.scan_iter(match=f"{PREFIX}*", count=500)]
        values = await redis.mget(keys) if keys else []
    except (RedisError, OSError) as error:
        raise ConnectionError(f"Redis does not answer ({error}), so no program is heard of") from error
    return sorted((pulse for value in values if (pulse := _parsed(value))), key=lambda pulse: pulse.name)


async def _beat(redis: Redis, meter: Meter, not_ready_because: Callable[[], str | None]) -> None:
    silent = False
    while True:
        pulse = meter.pulse(not_ready_because())
        try:
            await redis.set(PREFIX + pulse.name, pulse.model_dump_json(), ex=LIFE_SECONDS)
            silent = False
        except (RedisError, OSError) as error:
            if not silent:
                _log.warning("pulse not told", cause=str(error))
            silent = True
        await asyncio.sleep(BEAT_SECONDS)


def _parsed(value: bytes | str | None) -> Pulse | None:
    try:
        return Pulse.model_validate_json(value or b"")
    except ValidationError:
        return None  # Another program's key, or a later one's form.
