"""From a backup to an installation that has nothing, or only the beginning of what the backup has."""

import asyncio
from pathlib import Path

from schemas.topics import TOPICS, TopicKind
from service.backup.backup import Kept, Tell, copy_database
from service.backup.contents import KEPT_DATABASES, KEPT_LOGS, KEPT_OBJECTS
from service.backup.folder import BackupFolder, BackupRefused, KeptRecord
from service.settings import Settings
from service.store import ObjectStore
from service.stream.base import Broker, Record

_POLLED = 500
_POLL_MS = 500


async def restore(
    broker: Broker,
    store: ObjectStore,
    settings: Settings,
    path: Path,
    tell: Tell = lambda _step, _done, _all: None,
) -> Kept:
    """Write what the installation lacks of the backup; doing it again changes nothing, so it may be done
    again after a failure. Programs must not run meanwhile. Objects come before the records that name them.
    Waits for broker, store and disk. Raises ``BackupRefused`` before anything is written when the backup is
    spoilt or the installation has something else, then ``StreamError``, ``StoreError`` and ``OSError``."""
    folder = BackupFolder(path)
    await asyncio.to_thread(folder.check)
    present = {kind: await _require_beginning(broker, settings, kind, folder) for kind in KEPT_LOGS}
    missing = [database for database in KEPT_DATABASES if folder.database_file(database.name).exists()]
    for database in missing:
        if database.path(settings).exists():
            raise BackupRefused(f"{database.path(settings)} is there already: move it away, then restore")
    objects, size = await _restore_objects(store, folder, tell)
    records = 0
    for kind in KEPT_LOGS:
        records += await _restore_log(broker, settings, kind, folder, present[kind], tell)
    for database in missing:
        target = database.path(settings)
        target.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(copy_database, folder.database_file(database.name), target)
    return Kept(records, objects, size, len(missing))


async def _require_beginning(
    broker: Broker, settings: Settings, kind: TopicKind, folder: BackupFolder
) -> int:
    """How many records of the log are there already."""
    topic = TOPICS[kind].name(settings.kafka.topic_prefix)
    reader = await broker.reader(topic)
    try:
        end = sum(end for _, end in (await reader.bounds()).values())
        kept, seen = folder.records(kind.value), 0
        while seen < end:
            for record in await reader.poll(timeout_ms=_POLL_MS, max_records=_POLLED):
                _require_same(topic, record, next(kept, None))
                seen = record.offset + 1
        return end
    finally:
        await reader.close()


def _require_same(topic: str, record: Record, kept: KeptRecord | None) -> None:
    if kept is None or not kept.equals(record):
        raise BackupRefused(
            f"{topic} has a record at offset {record.offset} that the backup has not: restore into an "
            "installation whose topics are empty"
        )


async def _restore_objects(store: ObjectStore, folder: BackupFolder, tell: Tell) -> tuple[int, int]:
    keys = list(folder.objects())
    if foreign := [key for key in keys if key.split("/")[0] not in KEPT_OBJECTS]:
        raise BackupRefused(f"{foreign[0]} is nothing that a backup holds: it is refused")
    size = 0
    for number, key in enumerate(keys, start=1):
        data = await asyncio.to_thread(folder.object_file(key).read_bytes)
        await store.put(key, data, create_only=True)
        size += len(data)
        tell("objects", number, len(keys))
    return len(keys), size


async def _restore_log(
    broker: Broker, settings: Settings, kind: TopicKind, folder: BackupFolder, present: int, tell: Tell
) -> int:
    topic, written = TOPICS[kind].name(settings.kafka.topic_prefix), 0
    producer = await broker.producer()
    try:
        for number, record in enumerate(folder.records(kind.value)):
            if number < present:
                continue
            placed = await producer.send(
                topic, key=record.key, value=record.value, headers=record.as_headers(), partition=0
            )
            written += 1
            tell(kind.value, written, written)
            if placed.offset != number:
                raise BackupRefused(
                    f"{topic} took record {number} at offset {placed.offset}: stop all programs, make the "
                    "topic anew, then restore"
                )
    finally:
        await producer.close()
    return written
