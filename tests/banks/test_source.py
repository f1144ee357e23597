"""The read order: file, cache, store. A spoilt source is passed over and filled again."""

import asyncio
import os
from pathlib import Path

import pytest

from schemas.ids import sha256_hex
from service.banks.cache import MemoryCache
from service.banks.host_files import HostFiles
from service.banks.redis_cache import RedisCache
from service.banks.refusal import BankRefused, Refusal
from service.banks.source import BankSource, BankUnavailable
from service.settings import RedisSettings, StoreSettings
from service.store import ObjectStore, open_store
from service.store.keys import bank_key
from tests.banks.conftest import end, own_valkey

DATA = bytes(range(256)) * 1000
VERSION = sha256_hex(DATA)
KEY = bank_key("line1", "default", VERSION)
GONE = open_store(StoreSettings(url="memory://"))


async def fetch(store: ObjectStore, cache: MemoryCache, folder: Path) -> Path:
    return await BankSource(store, cache, folder).fetch("line1", "default", VERSION, len(DATA))


async def test_a_bank_comes_from_the_store_and_fills_the_cache_and_the_file(
    store: ObjectStore, cache_dir: Path
) -> None:
    await store.put(KEY, DATA)
    cache = MemoryCache()
    path = await fetch(store, cache, cache_dir)
    assert path == cache_dir / "banks" / f"{VERSION}.safetensors"
    assert path.read_bytes() == DATA
    assert cache.files == {("line1", VERSION): DATA}
    assert [p.name for p in path.parent.iterdir()] == [path.name]


async def test_with_the_cache_the_store_is_not_needed_and_with_the_file_nothing_is(
    store: ObjectStore, cache_dir: Path
) -> None:
    cache = MemoryCache()
    await cache.put("line1", VERSION, DATA)
    assert (await fetch(GONE, cache, cache_dir)).read_bytes() == DATA
    assert (await fetch(GONE, MemoryCache(), cache_dir)).read_bytes() == DATA


async def test_a_spoilt_file_and_a_spoilt_cache_are_filled_again_from_the_store(
    store: ObjectStore, cache_dir: Path
) -> None:
    await store.put(KEY, DATA)
    cache = MemoryCache()
    path = await fetch(store, cache, cache_dir)
    path.write_bytes(DATA[:-1])
    cache.files[("line1", VERSION)] = b"\xff" + DATA[1:]
    assert (await fetch(store, cache, cache_dir)).read_bytes() == DATA
    assert cache.files == {("line1", VERSION): DATA}


@pytest.mark.parametrize("spoilt", [DATA[:-1], DATA + b"x", b"\xff" + DATA[1:], b""])
async def test_other_bytes_in_the_store_are_refused_and_kept_nowhere(
    store: ObjectStore, cache_dir: Path, spoilt: bytes
) -> None:
    await store.put(KEY, spoilt)
    cache = MemoryCache()
    with pytest.raises(BankRefused) as caught:
        await fetch(store, cache, cache_dir)
    assert caught.value.reason is Refusal.WRONG_HASH
    assert cache.files == {}
    assert list((cache_dir / "banks").iterdir()) == []


async def test_a_bank_that_is_not_there_yet_is_unavailable_and_can_be_had_later(
    store: ObjectStore, cache_dir: Path
) -> None:
    with pytest.raises(BankUnavailable, match="cannot be had yet"):
        await fetch(store, MemoryCache(), cache_dir)
    await store.put(KEY, DATA)
    assert (await fetch(store, MemoryCache(), cache_dir)).read_bytes() == DATA


async def test_a_folder_that_cannot_be_written_is_told_with_its_setting(
    store: ObjectStore, tmp_path: Path
) -> None:
    (tmp_path / "banks").write_bytes(b"a file where a folder should be")
    with pytest.raises(BankUnavailable, match="PATCHLINE_STORE__CACHE_DIR"):
        await fetch(store, MemoryCache(), tmp_path)


async def test_many_who_ask_at_once_load_the_store_once(store: ObjectStore, cache_dir: Path) -> None:
    await store.put(KEY, DATA)
    asked: list[str] = []
    fetched = store.get_to_file

    async def counted(key: str, path: Path, *, max_bytes: int | None = None) -> str:
        asked.append(key)
        return await fetched(key, path, max_bytes=max_bytes)

    store.get_to_file = counted  # type: ignore[method-assign]
    source = BankSource(store, MemoryCache(), cache_dir)
    paths = await asyncio.gather(*(source.fetch("line1", "default", VERSION, len(DATA)) for _ in range(8)))
    assert (len(set(paths)), len(asked)) == (1, 1)


async def test_processes_of_one_host_do_not_disturb_each_other(store: ObjectStore, cache_dir: Path) -> None:
    await store.put(KEY, DATA)
    paths = await asyncio.gather(*(fetch(store, MemoryCache(), cache_dir) for _ in range(8)))
    assert {path.read_bytes() for path in paths} == {DATA}


async def test_a_valkey_that_dies_between_two_banks_costs_no_bank(
    store: ObjectStore, cache_dir: Path
) -> None:
    await store.put(KEY, DATA)
    with own_valkey() as server:
        cache = RedisCache.open(RedisSettings(url=server.connection_url, timeout_seconds=0.5))
        source = BankSource(store, cache, cache_dir)
        path = await source.fetch("line1", "default", VERSION, len(DATA))
        assert await cache.get("line1", VERSION, len(DATA)) == DATA
        path.unlink()
        end(server)
        assert (await source.fetch("line1", "default", VERSION, len(DATA))).read_bytes() == DATA
        assert not cache.available
        await cache.close()


async def test_an_id_that_leaves_the_folder_is_refused(store: ObjectStore, cache_dir: Path) -> None:
    source = BankSource(store, MemoryCache(), cache_dir)
    for ids in (
        ("../x", "default", VERSION),
        ("line1", "..", VERSION),
        ("line1", "default", "../" + VERSION),
    ):
        with pytest.raises(ValueError, match="is refused"):
            await source.fetch(*ids, 1)


def test_the_files_unused_for_longest_go_first_and_never_the_newest(tmp_path: Path) -> None:
    files = HostFiles(tmp_path, limit_bytes=250)
    kept = [files.keep(f"{i:064x}", bytes(100)) for i in range(4)]
    for age, path in enumerate(kept):
        os.utime(path, (1000 - age, 1000 - age))
    files.trim(kept[3])
    assert [path.exists() for path in kept] == [True, False, False, True]
    HostFiles(tmp_path, limit_bytes=1).trim(kept[3])
    assert [path.exists() for path in kept] == [False, False, False, True]


def test_what_a_killed_process_left_half_written_is_removed(tmp_path: Path) -> None:
    old, young = tmp_path / ".part-old", tmp_path / ".part-young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1000, 1000))
    files = HostFiles(tmp_path)
    files.trim(files.keep(VERSION, DATA))
    assert (old.exists(), young.exists()) == (False, True)
