"""Laws of backup and restore, on the memory broker and a folder as object store."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.topics import TOPICS, TopicKind
from service.backup.backup import back_up
from service.backup.contents import KEPT_LOGS, KEPT_OBJECTS
from service.backup.folder import LIST, BackupRefused
from service.backup.restore import restore
from service.runtime.start import topic_specs
from service.settings import Settings, StoreSettings, WebSettings
from service.store import ObjectStore, open_store
from service.stream.base import Record
from service.stream.memory import MemoryBroker

PREFIX = "patchline."


@dataclass
class Site:
    """An installation: a broker, a store and a machine of its own."""

    broker: MemoryBroker
    store: ObjectStore
    settings: Settings

    async def send(self, kind: TopicKind, key: bytes, value: bytes | None) -> None:
        producer = await self.broker.producer()
        await producer.send(TOPICS[kind].name(PREFIX), key=key, value=value, headers=(("epoch", b"1"),))
        await producer.close()

    async def said(self, kind: TopicKind) -> list[tuple[object, ...]]:
        reader = await self.broker.reader(TOPICS[kind].name(PREFIX))
        records: list[Record] = []
        while found := await reader.poll(timeout_ms=50, max_records=100):
            records += found
        return [(r.offset, r.key, r.value, r.headers) for r in records]

    async def objects(self) -> dict[str, bytes]:
        keys = [each.key for name in KEPT_OBJECTS async for each in self.store.list(name)]
        return {key: await self.store.get(key) for key in keys}

    def users(self) -> list[str]:
        with closing(sqlite3.connect(self.settings.web.accounts)) as accounts:
            return [name for (name,) in accounts.execute("SELECT name FROM users ORDER BY name")]


async def site(folder: Path) -> Site:
    settings = Settings(
        store=StoreSettings(url=(folder / "store").as_uri(), cache_dir=folder / "cache"),
        web=WebSettings(accounts=folder / "accounts.sqlite"),
    )
    broker = MemoryBroker()
    await broker.create_topics(topic_specs(PREFIX), partitions=2, replication=1)
    return Site(broker, open_store(settings.store), settings)


@pytest.fixture
async def old(tmp_path: Path) -> AsyncIterator[Site]:
    """Something of everything, and of what is not kept."""
    (tmp_path / "old").mkdir()
    made = await site(tmp_path / "old")
    for kind in TopicKind:
        for number in range(3):
            await made.send(kind, b"line1", None if number == 2 else f"{kind} {number}".encode())
    for name in (*KEPT_OBJECTS, "frames", "heatmaps"):
        await made.store.put(f"{name}/line1/default/abc", name.encode())
    with closing(sqlite3.connect(made.settings.web.accounts)) as accounts:
        accounts.executescript("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('ann'), ('bob')")
    yield made
    await made.broker.close()


@pytest.fixture
async def new(tmp_path: Path) -> AsyncIterator[Site]:
    """Topics, and nothing in them."""
    (tmp_path / "new").mkdir()
    made = await site(tmp_path / "new")
    yield made
    await made.broker.close()


async def kept(old: Site, tmp_path: Path) -> Path:
    await back_up(old.broker, old.store, old.settings, tmp_path / "backup")
    return tmp_path / "backup"


async def test_what_is_kept_for_ever_comes_back_to_the_byte_and_nothing_else_does(
    old: Site, new: Site, tmp_path: Path
) -> None:
    written = await restore(new.broker, new.store, new.settings, await kept(old, tmp_path))
    for kind in TopicKind:
        assert await new.said(kind) == (await old.said(kind) if kind in KEPT_LOGS else [])
    assert await new.objects() == await old.objects()
    assert new.users() == ["ann", "bob"]
    assert not await new.store.exists("frames/line1/default/abc")
    assert (written.records, written.objects, written.databases) == (3 * len(KEPT_LOGS), len(KEPT_OBJECTS), 1)


async def test_a_restoration_that_was_cut_short_is_gone_on_with(old: Site, new: Site, tmp_path: Path) -> None:
    backup = await kept(old, tmp_path)
    await new.send(KEPT_LOGS[0], b"line1", f"{KEPT_LOGS[0]} 0".encode())
    await restore(new.broker, new.store, new.settings, backup)
    assert await new.said(KEPT_LOGS[0]) == await old.said(KEPT_LOGS[0])


async def test_an_installation_that_has_something_else_is_left_as_it_is(
    old: Site, new: Site, tmp_path: Path
) -> None:
    backup = await kept(old, tmp_path)
    await new.send(TopicKind.BANKS, b"line9", b"another plant")
    with pytest.raises(BackupRefused, match="record at offset 0 that the backup has not"):
        await restore(new.broker, new.store, new.settings, backup)
    assert await new.objects() == {}
    assert not new.settings.web.accounts.exists()


async def test_accounts_that_are_there_are_never_written_over(old: Site, new: Site, tmp_path: Path) -> None:
    backup = await kept(old, tmp_path)
    new.settings.web.accounts.write_bytes(b"others")
    with pytest.raises(BackupRefused, match="is there already"):
        await restore(new.broker, new.store, new.settings, backup)
    assert new.settings.web.accounts.read_bytes() == b"others"


@pytest.mark.parametrize("damage", ["changed", "missing", "added", "unfinished"])
async def test_a_spoilt_backup_restores_nothing(old: Site, new: Site, tmp_path: Path, damage: str) -> None:
    backup = await kept(old, tmp_path)
    bank = backup / "objects" / "banks" / "line1" / "default" / "abc"
    match damage:
        case "changed":
            bank.write_bytes(b"another")
        case "missing":
            bank.unlink()
        case "added":
            bank.with_name("def").write_bytes(b"smuggled")
        case "unfinished":
            (backup / LIST).unlink()
    with pytest.raises(BackupRefused):
        await restore(new.broker, new.store, new.settings, backup)
    assert await new.objects() == {}
    assert await new.said(TopicKind.BANKS) == []


async def test_a_backup_is_for_its_owner_alone_and_takes_no_others_place(old: Site, tmp_path: Path) -> None:
    backup = await kept(old, tmp_path)
    assert backup.stat().st_mode & 0o077 == 0
    assert (backup / "databases" / "accounts.sqlite").stat().st_mode & 0o077 == 0
    with pytest.raises(BackupRefused, match="is not empty"):
        await kept(old, tmp_path)


async def test_an_installation_without_users_is_backed_up_too(new: Site, tmp_path: Path) -> None:
    written = await back_up(new.broker, new.store, new.settings, tmp_path / "backup")
    assert (written.records, written.objects, written.databases) == (0, 0, 0)
