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
            **_tls(settings),
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
            f"Redis at {where} does not answer ({error}): start it, or correct PATCHLINE_REDIS__URL, "
            "PATCHLINE_REDIS__USER and the password's file"
        ) from error


def without_password(url: str) -> str:
    """The URL as it may be told to anybody."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _tls(settings: RedisSettings) -> dict[str, str]:
    files = {
        "ssl_ca_certs": ("CA_FILE", settings.ca_file),
        "ssl_certfile": ("CLIENT_CERT_FILE", settings.client_cert_file),
        "ssl_keyfile": ("CLIENT_KEY_FILE", settings.client_key_file),
    }
    given = {option: (name, path) for option, (name, path) in files.items() if path is not None}
    if given and not settings.url.startswith("rediss://"):
        raise SettingsError("certificates are for TLS: begin PATCHLINE_REDIS__URL with rediss://")
    for name, path in given.values():
        # The client would tell of it at its first command, as of a Redis that does not answer.
        if not path.is_file():
            raise SettingsError(f"PATCHLINE_REDIS__{name} {path} is no file: name a readable PEM file")
    return {option: str(path) for option, (_, path) in given.items()}


def _password(settings: RedisSettings) -> dict[str, str]:
    user = {} if settings.user is None else {"username": settings.user}
    if settings.password_file is None:
        return user
    try:
        return {**user, "password": settings.password_file.read_text().strip()}
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"PATCHLINE_REDIS__PASSWORD_FILE {settings.password_file} cannot be read ({error}): "
            "give a readable text file or unset it"
        ) from error
