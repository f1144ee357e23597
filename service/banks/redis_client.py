"""A Redis client that waits as long as it is told, and never longer."""

from urllib.parse import urlsplit, urlunsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from service.settings import RedisSettings, SettingsError

# Banks are fetched a few at a time; whoever comes later waits for a connection instead of failing.
CONNECTIONS = 8


def redis_client(settings: RedisSettings) -> Redis:
    """A client that connects at its first command and tries nothing twice; close it with ``aclose``.
    Raises ``SettingsError`` for a URL or a password file that cannot be read."""
    try:
        pool = BlockingConnectionPool.from_url(
            settings.url,
            max_connections=CONNECTIONS,
            timeout=settings.timeout_seconds,
            socket_timeout=settings.timeout_seconds,
            socket_connect_timeout=settings.timeout_seconds,
            # The client's own ten tries would turn one timeout into a minute of standstill.
            retry=Retry(NoBackoff(), 0),
            **_password(settings),
        )
    except ValueError as error:
        raise SettingsError(
            f"PATCHLINE_REDIS__URL {without_password(settings.url)} is refused: {error}; correct it"
        ) from error
    return Redis.from_pool(pool)


async def require_redis(client: Redis, url: str) -> None:
    """Raises ``ConnectionError`` with one sentence when Redis does not answer."""
    try:
        await client.ping()
    except (RedisError, OSError) as error:
        where = without_password(url)
        raise ConnectionError(
            f"Redis at {where} does not answer ({error}): start it or set PATCHLINE_REDIS__URL"
        ) from error


def without_password(url: str) -> str:
    """The URL as it may be told to anybody."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _password(settings: RedisSettings) -> dict[str, str]:
    if settings.password_file is None:
        return {}
    try:
        return {"password": settings.password_file.read_text().strip()}
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"PATCHLINE_REDIS__PASSWORD_FILE {settings.password_file} cannot be read ({error}): "
            "give a readable text file or unset it"
        ) from error
