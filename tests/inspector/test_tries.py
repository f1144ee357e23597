"""Laws of the count of tries: it outlives the inspector, and a Redis that is away costs one timeout."""

from uuid import uuid4

from service.banks.redis_client import redis_client
from service.settings import RedisSettings
from workers.inspector.tries import MAX_TRIES, RedisTries


async def test_a_frame_that_never_came_out_is_known_to_the_next_inspector(valkey_url: str) -> None:
    redis, uids = redis_client(RedisSettings(url=valkey_url)), [uuid4(), uuid4()]
    died, successor = RedisTries(redis), RedisTries(redis)
    assert not await died.enter(uids)
    assert await successor.enter(uids[:1])
    await successor.leave(uids)
    assert not await successor.enter(uids)
    await redis.aclose()


async def test_who_came_out_is_forgotten_for_all_with_who_goes_in_next_or_at_the_end(valkey_url: str) -> None:
    redis = redis_client(RedisSettings(url=valkey_url))
    ours, others, first, second = RedisTries(redis), RedisTries(redis), [uuid4()], [uuid4()]
    await ours.enter(first)
    await ours.leave(first)
    assert not await ours.enter(second)
    assert not await others.enter(first)
    await ours.leave(second)
    await ours.close()
    assert not await others.enter(second)
    await redis.aclose()


async def test_one_that_came_out_alone_is_forgotten_for_all_at_once(valkey_url: str) -> None:
    redis, uid = redis_client(RedisSettings(url=valkey_url)), uuid4()
    tries = RedisTries(redis)
    assert await tries.begin(uid) == 1
    await tries.leave([uid])
    assert await RedisTries(redis).begin(uid) == 1
    await redis.aclose()


async def test_tries_are_counted_over_inspectors_and_forgotten_once_a_frame_came_out(valkey_url: str) -> None:
    redis, uid = redis_client(RedisSettings(url=valkey_url)), uuid4()
    assert [await RedisTries(redis).begin(uid) for _ in range(MAX_TRIES)] == [1, 2, 3]
    tries = RedisTries(redis)
    assert await tries.begin(uid) > MAX_TRIES
    await tries.leave([uid])
    assert await tries.begin(uid) == 1
    await tries.close()
    await redis.aclose()


async def test_without_redis_frames_are_counted_here_and_it_is_left_alone() -> None:
    redis, uid = redis_client(RedisSettings(url="redis://127.0.0.1:9/0", timeout_seconds=0.5)), uuid4()
    tries = RedisTries(redis)
    assert [await tries.begin(uid), await tries.begin(uid)] == [1, 2]
    assert not await tries.enter([uid])
    await tries.leave([uid])
    assert await tries.begin(uid) == 1
    await tries.close()
    await redis.aclose()
