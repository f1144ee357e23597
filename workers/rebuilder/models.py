"""Banks in memory with what growth must know of them, bounded: the next approval fetches nothing."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakValueDictionary

import structlog

from service.banks.bank_file import LoadedBank, read_bank
from service.banks.manifest import Manifest, PartEntry
from service.banks.refusal import BankRefused
from service.banks.source import BankSource
from service.store import MissingObject, ObjectStore
from service.store.keys import part_key
from service.training.features import FeatureCache, PartFeatures
from service.training.known_parts import KnownParts
from workers.rebuilder.extraction import BATCH, Extraction
from workers.rebuilder.job import CommandRefused

LIMIT_BYTES = 2**30
READS_AT_ONCE = 16
_log = structlog.get_logger()


@dataclass(frozen=True, eq=False, slots=True)
class Taught:
    """A bank that can learn."""

    loaded: LoadedBank
    known: KnownParts

    @property
    def size_bytes(self) -> int:
        """What it holds in memory, about."""
        return self.loaded.size_bytes + self.known.size_bytes


class Models:
    """The banks used last. What is not in memory comes from the host's files, the cache or the store."""

    def __init__(
        self, source: BankSource, store: ObjectStore, extraction: Extraction, limit_bytes: int = LIMIT_BYTES
    ) -> None:
        self._source, self._store, self._extraction = source, store, extraction
        self._limit = limit_bytes
        self._taught: OrderedDict[str, Taught] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def bank(self, line: str, model: str, version: str, size: int) -> LoadedBank:
        """A version's bank. Waits for disk and network. Raises ``CommandRefused`` for one that is spoilt,
        ``BankUnavailable`` when trying again may help."""
        if version in self._taught:
            return self._taught[version].loaded
        try:
            path = await self._source.fetch(line, model, version, size)
            return await asyncio.to_thread(read_bank, path, version=version)
        except BankRefused as refused:
            raise CommandRefused(f"bank {version[:12]} cannot be used: {refused}") from refused

    async def taught(self, line: str, model: str, version: str, size: int) -> Taught:
        """A version's bank, ready to learn. Raises as ``bank`` does, and ``StoreError``."""
        async with self._locks.setdefault(version, asyncio.Lock()):
            if version in self._taught:
                self._taught.move_to_end(version)
                return self._taught[version]
            loaded = await self.bank(line, model, version, size)
            features = await self._features(loaded)
            known = await asyncio.to_thread(KnownParts.of, loaded.memory_bank, features)
            return self.keep(Taught(loaded, known))

    @property
    def full(self) -> bool:
        """Whether half the memory is used: what is only wanted perhaps should not come in."""
        return sum(taught.size_bytes for taught in self._taught.values()) > self._limit // 2

    def keep(self, taught: Taught) -> Taught:
        """Remember a bank, and forget those unused for longest where memory asks for it."""
        self._taught[taught.loaded.version] = taught
        while len(self._taught) > 1 and sum(t.size_bytes for t in self._taught.values()) > self._limit:
            self._taught.popitem(last=False)
        return taught

    def forget(self, version: str) -> None:
        """Drop a version that was grown out of."""
        self._taught.pop(version, None)

    async def _features(self, loaded: LoadedBank) -> dict[int, PartFeatures]:
        manifest, gate = loaded.manifest, asyncio.Semaphore(READS_AT_ONCE)
        cache = FeatureCache(self._store, manifest)
        numbers = [int(number) for number in loaded.memory_bank.calibration_parts]

        async def read(number: int) -> PartFeatures | None:
            async with gate:
                return await cache.get(manifest.parts[number].sha256)

        kept = await asyncio.gather(*(read(number) for number in numbers))
        found = {number: rows for number, rows in zip(numbers, kept, strict=True) if rows is not None}
        missing = [number for number in numbers if number not in found]
        for begin in range(0, len(missing), BATCH):
            found |= await self._extracted(missing[begin : begin + BATCH], manifest, cache)
        return found

    async def _extracted(
        self, numbers: list[int], manifest: Manifest, cache: FeatureCache
    ) -> dict[int, PartFeatures]:
        _log.info("known parts are extracted again", line=manifest.line, parts=len(numbers))
        entries = [manifest.parts[number] for number in numbers]
        frames = [(f"part {_called(entry)}", await self._frame(manifest, entry)) for entry in entries]
        made = await self._extraction.features(frames, manifest)
        for entry, rows in zip(entries, made, strict=True):
            await cache.put(entry.sha256, rows)
        return dict(zip(numbers, made, strict=True))

    async def _frame(self, manifest: Manifest, entry: PartEntry) -> bytes:
        try:
            return await self._store.get(part_key(manifest.line, manifest.model, entry.sha256))
        except MissingObject as error:
            raise CommandRefused(
                f"part {_called(entry)} of the bank is missing in the store: restore parts/, or train anew"
            ) from error


def _called(entry: PartEntry) -> str:
    return entry.name or entry.sha256[:12]
