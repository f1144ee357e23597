"""Valkey behind TLS, with an ACL user: who is known comes in, and no secret is told."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from redis.asyncio import Redis

from service.banks.redis_client import redis_client, require_redis
from service.settings import RedisSettings, SettingsError
from tests.harness.certificates import Authority
from tests.harness.tls_front import tls_front
from tests.harness.valkey import running_valkey

PASSWORD = "correct-horse"  # noqa: S105 - of a server that lives as long as the test


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def port(authority: Authority) -> Iterator[int]:
    """Valkey's TLS front, which demands a client's certificate; the user ``banks`` alone may enter, and only
    to the keys of banks."""
    with running_valkey() as cache:
        plain = redis.Redis.from_url(cache.url)
        plain.acl_setuser(
            "banks", enabled=True, passwords=[f"+{PASSWORD}"], keys=["patchline:*"], categories=["+@all"]
        )
        plain.acl_setuser("default", enabled=False)
        plain.close()
        with tls_front(urlsplit(cache.url).port or 0, authority, clients=authority.ca) as front:
            yield front


def settings_of(authority: Authority, port: int, folder: Path, password: str = PASSWORD) -> RedisSettings:
    secret = folder / "password"
    secret.write_text(f"{password}\n")
    certificate, key = authority.sign("client")
    return RedisSettings(
        url=f"rediss://127.0.0.1:{port}/0",
        user="banks",
        password_file=secret,
        ca_file=authority.ca,
        client_cert_file=certificate,
        client_key_file=key,
    )


async def closed(client: Redis) -> None:
    """Both sides of TLS say good-bye in turns of the loop: one that ended before would leave its connection
    to the collector, and the warning to whichever test runs then."""
    await client.aclose()
    await asyncio.sleep(0.1)


async def test_a_known_user_comes_in_over_tls_and_sees_its_keys_alone(
    authority: Authority, port: int, tmp_path: Path
) -> None:
    client = redis_client(settings_of(authority, port, tmp_path))
    await require_redis(client, "rediss://cache")
    await client.set("patchline:x", b"1")
    assert await client.get("patchline:x") == b"1"
    with pytest.raises(redis.exceptions.NoPermissionError):
        await client.get("other")
    await closed(client)


async def test_a_wrong_password_is_told_and_not_repeated(
    authority: Authority, port: int, tmp_path: Path
) -> None:
    client = redis_client(settings_of(authority, port, tmp_path, "hunter2"))
    with pytest.raises(ConnectionError, match="PATCHLINE_REDIS__") as caught:
        await require_redis(client, "rediss://banks:hunter2@127.0.0.1/0")
    assert "hunter2" not in str(caught.value)
    await closed(client)


async def test_a_server_whose_authority_is_not_trusted_is_not_spoken_to(
    authority: Authority, port: int, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path)
    known = settings_of(authority, port, tmp_path)
    client = redis_client(known.model_copy(update={"ca_file": stranger.ca}))
    with pytest.raises(ConnectionError, match="does not answer"):
        await require_redis(client, known.url)
    await closed(client)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "redis://h/0", "ca_file": "/x"}, "rediss://"),
        ({"url": "rediss://h/0", "ca_file": "/nowhere/ca.pem"}, "CA_FILE"),
        ({"url": "rediss://h/0", "client_cert_file": "/nowhere/c.pem"}, "CLIENT_CERT_FILE"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        redis_client(RedisSettings.model_validate(wrong))
