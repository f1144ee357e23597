"""Banks in memory with what growth must know of them, bounded: the next approval fetches nothing."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakValueDictionary

from service.banks.bank_file import LoadedBank, read_bank
from service.banks.refusal import BankRefused
from service.banks.source import BankSource
from service.training.canary_watch import UNWATCHED, CanaryWatch
from service.training.features import PartFeatures
from service.training.known_parts import KnownParts
from service.training.part_ids import siblings_of
from workers.rebuilder.job import CommandRefused
from workers.rebuilder.known_features import KnownFeatures

LIMIT_BYTES = 2**30


@dataclass(frozen=True, eq=False, slots=True)
class Taught:
    """A bank that can learn, and the canaries that are held against it."""

    loaded: LoadedBank
    known: KnownParts
    watch: CanaryWatch = UNWATCHED

    @property
    def size_bytes(self) -> int:
        """What it holds in memory, about."""
        return self.loaded.size_bytes + self.known.size_bytes + self.watch.size_bytes


class Models:
    """The banks used last. What is not in memory comes from the host's files, the cache or the store."""

    def __init__(self, source: BankSource, features: KnownFeatures, limit_bytes: int = LIMIT_BYTES) -> None:
        self._source, self._features = source, features
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
            kin = siblings_of([entry.part_id for entry in loaded.manifest.parts])
            known = await asyncio.to_thread(KnownParts.of, loaded.memory_bank, await self._known(loaded), kin)
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

    async def _known(self, loaded: LoadedBank) -> dict[int, PartFeatures]:
        entries = {int(n): loaded.manifest.parts[int(n)] for n in loaded.memory_bank.calibration_parts}
        features = await self._features.of_parts(loaded.manifest, list(entries.values()))
        return {number: features[entry.sha256] for number, entry in entries.items()}
