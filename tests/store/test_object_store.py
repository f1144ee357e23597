"""The laws of every store, on every backend that needs no server."""

import asyncio
import hashlib
import re
import time
from pathlib import Path

import pytest

from service.settings import StoreSettings
from service.store import (
    MissingObject,
    ObjectStore,
    ObjectTooLarge,
    StoreError,
    StoreUnreachable,
    open_store,
)


async def test_what_was_put_is_got(store: ObjectStore) -> None:
    assert await store.put("frames/line1/ab/x", b"\x00\xffbytes")
    got = await store.get("frames/line1/ab/x")
    assert (type(got), got) == (bytes, b"\x00\xffbytes")


async def test_many_are_put_each_as_one_would_be(store: ObjectStore) -> None:
    objects = {f"frames/line{n % 3}/{n}": bytes([n]) * n for n in range(70)}
    await store.put("frames/line0/0", b"before")
    assert await store.put_all(objects) == {}
    assert {key: await store.get(key) for key in objects} == objects
    assert await store.put_all({}) == {}


async def test_of_many_one_that_cannot_be_put_is_told_by_name_and_all_others_are_put(
    store: ObjectStore,
) -> None:
    objects = {"frames/../y": b"x"} | {f"frames/{n}": b"x" for n in range(20)}
    failures = await store.put_all(objects)
    assert list(failures) == ["frames/../y"]
    assert "'frames/../y' is refused" in str(failures["frames/../y"])
    assert [await store.get(f"frames/{n}") for n in range(20)] == [b"x"] * 20


async def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    await store.put("a/empty", b"")
    assert await store.get("a/empty") == b""
    assert await store.exists("a/empty")


async def test_a_put_replaces_but_a_create_never_does(store: ObjectStore) -> None:
    await store.put("a/b", b"first")
    await store.put("a/b", b"second")
    assert not await store.put("a/b", b"third", create_only=True)
    assert await store.get("a/b") == b"second"


async def test_of_racing_creates_exactly_one_wins(store: ObjectStore) -> None:
    won = await asyncio.gather(*(store.put("a/b", bytes([i]), create_only=True) for i in range(16)))
    assert won.count(True) == 1
    assert await store.get("a/b") == bytes([won.index(True)])


async def test_a_create_above_the_multipart_size_is_still_a_create(store: ObjectStore) -> None:
    large = bytes(11 * 2**20)
    assert await store.put("a/large", large, create_only=True)
    assert not await store.put("a/large", large[1:], create_only=True)
    assert len(await store.get("a/large")) == len(large)


async def test_a_missing_object_is_said_to_be_missing(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(MissingObject, match="has no 'a/b'"):
        await store.get("a/b")
    with pytest.raises(MissingObject):
        await store.get_to_file("a/b", tmp_path / "file")
    assert not await store.exists("a/b")


async def test_a_folder_is_no_object(store: ObjectStore) -> None:
    await store.put("a/b/c", b"x")
    assert not await store.exists("a/b")
    with pytest.raises(MissingObject):
        await store.get("a/b")


async def test_a_file_is_written_whole_with_its_hash(store: ObjectStore, tmp_path: Path) -> None:
    data = bytes(range(256)) * 90_000
    await store.put("a/b", data)
    digest = await store.get_to_file("a/b", tmp_path / "file")
    assert digest == hashlib.sha256(data).hexdigest()
    assert (tmp_path / "file").read_bytes() == data


async def test_an_object_above_the_limit_is_refused_and_leaves_no_file(
    store: ObjectStore, tmp_path: Path
) -> None:
    await store.put("a/b", bytes(100))
    with pytest.raises(ObjectTooLarge, match="100 bytes, above the limit of 99"):
        await store.get("a/b", max_bytes=99)
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(ObjectTooLarge):
        await store.get_to_file("a/b", folder / "file", max_bytes=99)
    assert list(folder.iterdir()) == []
    assert len(await store.get("a/b", max_bytes=100)) == 100


async def test_a_listing_gives_what_lies_below_a_folder_and_nothing_else(store: ObjectStore) -> None:
    for key in ("a/1", "a/b/2", "ab/3"):
        await store.put(key, key.encode())
    listed = [item async for item in store.list("a")]
    assert sorted(item.key for item in listed) == ["a/1", "a/b/2"]
    assert {item.size for item in listed} == {3, 5}
    assert all(item.modified.tzinfo is not None for item in listed)
    assert [item async for item in store.list("none")] == []
    assert len([item async for item in store.list("")]) == 3


async def test_a_delete_can_be_made_again(store: ObjectStore) -> None:
    await store.put("a/b", b"x")
    await store.delete("a/b")
    await store.delete("a/b")
    assert not await store.exists("a/b")


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/x", "a//b", "a/", "", "a/./b", "a\n", "a/\x00b"])
async def test_a_key_that_leaves_its_place_is_refused(store: ObjectStore, key: str) -> None:
    for action in (store.put(key, b"x"), store.get(key), store.delete(key), store.exists(key)):
        with pytest.raises(StoreError, match="is refused"):
            await action


async def test_a_store_that_works_answers_a_ping(store: ObjectStore) -> None:
    await store.ping()


@pytest.mark.parametrize("url", ["gopher://x", "/var/lib", "file://var/lib", "s3://", "file://"])
def test_a_url_of_no_known_kind_is_refused_with_the_setting_s_name(url: str) -> None:
    with pytest.raises(StoreError, match="PATCHLINE_STORE__URL"):
        open_store(StoreSettings(url=url))


async def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    store = open_store(StoreSettings(url=tmp_path.as_uri()))
    (tmp_path / "frames").write_bytes(b"a file where a folder should be")
    told = r"could not put 'frames/x'.*check that it is up, writable"
    with pytest.raises(StoreUnreachable, match=told):
        await store.put("frames/x", b"x")
    failure = (await store.put_all({"frames/x": b"x"}))["frames/x"]
    assert isinstance(failure, StoreUnreachable)
    assert re.match(f".*{told}", str(failure))


async def test_a_folder_that_does_not_answer_in_time_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(StoreSettings(url=tmp_path.as_uri(), timeout_seconds=0.1))
    monkeypatch.setattr("obstore.put", lambda *_, **__: time.sleep(0.5))  # No disk here hangs at will.
    failure = (await store.put_all({"frames/x": b"x"}))["frames/x"]
    assert isinstance(failure, StoreUnreachable)
    assert "did not put 'frames/x' in time" in str(failure)
