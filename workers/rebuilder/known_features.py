"""Features of pictures that are kept: from their cache, else extracted again from the kept pictures."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from schemas.command import FrameRef
from service.banks.manifest import Manifest, PartEntry
from service.store import MissingObject, ObjectStore
from service.store.keys import canary_key, part_key
from service.training.features import FeatureCache, PartFeatures
from workers.rebuilder.extraction import BATCH, Extraction
from workers.rebuilder.job import CommandRefused

READS_AT_ONCE = 16
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Kept:
    """A picture's sha256, where it lies, what people call it, and what to do when it is lost."""

    sha256: str
    key: str
    called: str
    remedy: str


class KnownFeatures:
    """Features by the pictures' sha256, under a manifest's network, recipe and contract."""

    def __init__(self, store: ObjectStore, extraction: Extraction) -> None:
        self._store, self._extraction = store, extraction

    async def of_parts(self, manifest: Manifest, entries: Sequence[PartEntry]) -> dict[str, PartFeatures]:
        """Those of parts. Waits for the store, and for the network where the cache has lost some. Raises
        ``CommandRefused`` naming a part that is lost, and ``StoreError``."""
        return await self._of(manifest, [_part(manifest, entry) for entry in entries])

    async def picture(self, manifest: Manifest, entry: PartEntry) -> bytes:
        """A part's picture. Raises ``CommandRefused`` when it is lost, and ``StoreError``."""
        return await self._picture(_part(manifest, entry))

    async def of_canaries(self, manifest: Manifest, frames: Sequence[FrameRef]) -> dict[str, PartFeatures]:
        """Those of canaries, as ``of_parts`` does."""
        return await self._of(manifest, [_canary(manifest, frame) for frame in frames])

    async def _of(self, manifest: Manifest, wanted: Sequence[_Kept]) -> dict[str, PartFeatures]:
        gate, cache = asyncio.Semaphore(READS_AT_ONCE), FeatureCache(self._store, manifest)

        async def read(one: _Kept) -> PartFeatures | None:
            async with gate:
                return await cache.get(one.sha256)

        kept = await asyncio.gather(*(read(one) for one in wanted))
        found = {one.sha256: rows for one, rows in zip(wanted, kept, strict=True) if rows is not None}
        missing = [one for one in wanted if one.sha256 not in found]
        for begin in range(0, len(missing), BATCH):
            found |= await self._extracted(missing[begin : begin + BATCH], manifest, cache)
        return found

    async def _extracted(
        self, wanted: Sequence[_Kept], manifest: Manifest, cache: FeatureCache
    ) -> dict[str, PartFeatures]:
        _log.info("kept pictures are extracted again", line=manifest.line, pictures=len(wanted))
        pictures = [(one.called, await self._picture(one)) for one in wanted]
        made = await self._extraction.features(pictures, manifest, remedy=wanted[0].remedy)
        for one, rows in zip(wanted, made, strict=True):
            await cache.put(one.sha256, rows)
        return {one.sha256: rows for one, rows in zip(wanted, made, strict=True)}

    async def _picture(self, one: _Kept) -> bytes:
        try:
            return await self._store.get(one.key)
        except MissingObject as error:
            raise CommandRefused(f"{one.called} is missing in the store: {one.remedy}") from error


def _part(manifest: Manifest, entry: PartEntry) -> _Kept:
    key = part_key(manifest.line, manifest.model, entry.sha256)
    called = f"part {entry.name or entry.sha256[:12]} of the bank"
    return _Kept(entry.sha256, key, called, "restore parts/, or train anew")


def _canary(manifest: Manifest, frame: FrameRef) -> _Kept:
    key = canary_key(manifest.line, manifest.model, frame.frame_sha256)
    return _Kept(frame.frame_sha256, key, f"canary {frame.frame_id}", "restore canaries/, or retire it")
