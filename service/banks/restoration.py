"""Writes the banks log again from the object store: every epoch with its number and its bytes."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.activation import Published, Restored
from schemas.ids import is_line_id, is_sha256
from service.banks.activation_log import activation_headers
from service.banks.announcement import announcement_headers, published_of
from service.banks.archive import Archive, Archived
from service.banks.archive_gap import ArchiveGap
from service.banks.bank_file import read_bank
from service.banks.banks_log import BanksLog
from service.banks.refusal import BankRefused
from service.banks.restored_mark import MARK_KEY, RESTORED_HEADERS
from service.signing.signature import SIGNATURE_HEADER
from service.signing.signatures import UNSIGNED, Signatures
from service.store import MissingObject, ObjectStore
from service.store.keys import bank_signature_key
from service.store.object_store import Listed
from service.stream.base import Producer

_BANK = re.compile(r"banks/(?P<line>[^/]+)/(?P<model>[^/]+)/(?P<version>[^/]+)\.safetensors")


class LineForked(Exception):
    """The log went on without a line's past: what was in force before cannot be put before it."""


@dataclass(frozen=True, slots=True)
class RestoredLine:
    """What was written of a line. The records of ``lost`` epochs are nowhere; their numbers are kept.
    ``spoilt`` banks are not what their names say, and were not published again."""

    line: str
    epochs: tuple[int, ...]
    lost: tuple[int, ...]
    published: int
    spoilt: tuple[str, ...]


class Restoration:
    """Restores lines of one topic. Writing is by epochs, so that whatever another writer does meanwhile is
    kept or ignored by the log's one rule; doing it again is safe."""

    def __init__(
        self,
        producer: Producer,
        store: ObjectStore,
        topic: str,
        signatures: Signatures = UNSIGNED,
        actor: str = "patchline",
    ) -> None:
        self._plain, self._signing = producer, signatures.producer(producer)
        self._store, self._topic, self._actor = store, topic, actor
        self._archive = Archive(store)

    async def restore(self, log: BanksLog, gap: ArchiveGap) -> RestoredLine:
        """Write what the log lacks of a line. Waits for broker and store. Raises
        ``LineForked``, ``StreamError`` and ``StoreError``."""
        if gap.forked:
            raise LineForked(
                f"the epochs of {gap.line} in the log are not those in the object store: the log went on "
                "without its past and stays the authority; put the bank that you want in force by "
                "`patchline banks activate`"
            )
        published, spoilt = await self._publish(log, gap.line) if gap.absent or not log.whole else (0, ())
        epochs, lost = await self._write(log, gap)
        return RestoredLine(gap.line, epochs, lost, published, spoilt)

    async def mark(self, from_offset: int) -> None:
        """Say that every line is restored, in records at this offset and after it."""
        mark = Restored(from_offset=from_offset, actor=self._actor, restored_at=datetime.now(UTC))
        await self._signing.send(
            self._topic, key=MARK_KEY, value=mark.to_bytes(), headers=RESTORED_HEADERS, partition=0
        )

    async def _write(self, log: BanksLog, gap: ArchiveGap) -> tuple[tuple[int, ...], tuple[int, ...]]:
        newest = max(gap.absent, default=gap.logged)
        if not log.whole:
            # What is left of the log may be newer than the store's newest file.
            newest = max([newest, *(epoch for line, epoch in log.stray if line == gap.line)])
        epochs = range(gap.logged + 1, newest + 1)
        return tuple(epochs), tuple([e for e in epochs if not await self._write_epoch(log, gap.line, e)])

    async def _write_epoch(self, log: BanksLog, line: str, epoch: int) -> bool:
        """False for one whose record is lost: an empty one keeps its number, and readers pass it over."""
        record = await self._record(log, line, epoch)
        headers = activation_headers(line, epoch)
        if record.signature is not None:
            headers = (*headers, (SIGNATURE_HEADER, record.signature))
        await self._plain.send(
            self._topic, key=line.encode(), value=record.value or b"", headers=headers, partition=0
        )
        return record.value is not None

    async def _record(self, log: BanksLog, line: str, epoch: int) -> Archived:
        archived = await self._archive.read(line, epoch)
        stray = log.stray.get((line, epoch))
        if archived.value is not None or log.whole or stray is None:
            return archived
        return Archived(stray.value, dict(stray.headers).get(SIGNATURE_HEADER))

    async def _publish(self, log: BanksLog, line: str) -> tuple[int, tuple[str, ...]]:
        """Tell again of every bank in the store, in the order of their making."""
        spoilt: list[str] = []
        told = 0
        for key, listed in await self._banks(line):
            if key in log.versions:
                continue
            record = await self._published(*key, listed)
            if record is None:
                spoilt.append(key[2])
                continue
            await self._signing.send(
                self._topic,
                key=line.encode(),
                value=record.to_bytes(),
                headers=announcement_headers(record),
                partition=0,
            )
            told += 1
        return told, tuple(spoilt)

    async def _banks(self, line: str) -> Sequence[tuple[tuple[str, str, str], Listed]]:
        found = []
        async for listed in self._store.list(f"banks/{line}"):
            named = _BANK.fullmatch(listed.key)
            if named is not None and is_line_id(named["model"]) and is_sha256(named["version"]):
                found.append(((line, named["model"], named["version"]), listed))
        return sorted(found, key=lambda bank: bank[1].modified)

    async def _published(self, line: str, model: str, version: str, listed: Listed) -> Published | None:
        data = await self._store.get(listed.key)
        try:
            loaded = await asyncio.to_thread(read_bank, data, version=version)
        except BankRefused:
            return None
        if (loaded.manifest.line, loaded.manifest.model) != (line, model):
            return None
        return published_of(loaded, listed.modified, await self._signature(line, model, version))

    async def _signature(self, line: str, model: str, version: str) -> str | None:
        try:
            return (await self._store.get(bank_signature_key(line, model, version))).decode()
        except MissingObject:
            return None
