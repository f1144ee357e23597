"""From a running installation to a backup. Nothing is stopped and nothing is written to it."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from schemas.topics import TOPICS, TopicKind
from service.backup.contents import KEPT_DATABASES, KEPT_LOGS, KEPT_OBJECTS
from service.backup.folder import BackupFolder, BackupRefused, KeptRecord, line_of
from service.ledger.scan import scan
from service.settings import Settings
from service.store import ObjectStore
from service.stream.base import Broker, Record

Tell = Callable[[str, int, int], None]
_POLLED = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """How much a backup holds, or a restoration wrote."""

    records: int
    objects: int
    bytes: int
    databases: int


async def back_up(
    broker: Broker,
    store: ObjectStore,
    settings: Settings,
    path: Path,
    tell: Tell = lambda _step, _done, _all: None,
) -> Kept:
    """Write all that ``contents`` names into a new folder. Logs are read before objects: an object is there
    before the record that names it. Waits for broker, store and disk. Raises ``BackupRefused``,
    ``StreamError``, ``StoreError`` and ``OSError``; what lies in the folder then is no backup."""
    folder = BackupFolder(path)
    await asyncio.to_thread(folder.begin)
    records = 0
    for kind in KEPT_LOGS:
        records += await _keep_log(broker, settings.kafka.topic_prefix, kind, folder, tell)
    objects, size = await _keep_objects(store, folder, tell)
    databases = await asyncio.to_thread(_keep_databases, settings, folder)
    kept = Kept(records, objects, size, databases)
    made_at, prefix = datetime.now(UTC).isoformat(), settings.kafka.topic_prefix
    told = {"made_at": made_at, "topic_prefix": prefix, **asdict(kept)}
    await asyncio.to_thread(folder.finish, told)
    return kept


async def _keep_log(broker: Broker, prefix: str, kind: TopicKind, folder: BackupFolder, tell: Tell) -> int:
    topic = TOPICS[kind].name(prefix)
    reader = await broker.reader(topic)
    count = 0
    try:
        bounds = await reader.bounds()
        if any(first > 0 for first, _ in bounds.values()):
            raise BackupRefused(f"{topic} has forgotten its beginning: mend it by `patchline doctor` first")
        with folder.log_file(kind.value).open("wb") as file:

            def take(records: Sequence[Record]) -> None:
                nonlocal count
                count += len(records)
                file.writelines(line_of(KeptRecord.of(record)) for record in records)

            await scan(reader, bounds, take, partial(tell, kind.value), max_records=_POLLED)
    finally:
        await reader.close()
    return count


async def _keep_objects(store: ObjectStore, folder: BackupFolder, tell: Tell) -> tuple[int, int]:
    listed = [each for name in KEPT_OBJECTS async for each in store.list(name)]
    size = 0
    for number, each in enumerate(listed, start=1):
        await store.get_to_file(each.key, folder.object_file(each.key))
        size += each.size
        tell("objects", number, len(listed))
    return len(listed), size


def _keep_databases(settings: Settings, folder: BackupFolder) -> int:
    count = 0
    for database in KEPT_DATABASES:
        source = database.path(settings)
        if source.exists():
            copy_database(source, folder.database_file(database.name))
            count += 1
    return count


def copy_database(source: Path, target: Path) -> None:
    """A copy of a SQLite file that is whole even while others write to it, for its owner alone. Blocks.
    Raises ``OSError``."""
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as there,
            closing(sqlite3.connect(target)) as here,
        ):
            target.chmod(0o600)
            there.backup(here)
    except sqlite3.Error as error:
        raise OSError(f"{source} could not be copied to {target} ({error})") from error
