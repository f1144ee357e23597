"""Where an inspector gets a bank's bytes: the host's files, the shared cache, the object store."""

import asyncio
from pathlib import Path
from weakref import WeakValueDictionary

import structlog

from service.banks.cache import BankCache
from service.banks.host_files import DEFAULT_LIMIT_BYTES, HostFiles
from service.banks.refusal import BankRefused, Refusal
from service.signing.refusal import SignatureRefused
from service.signing.trust import UNCHECKED, Trust
from service.store import MissingObject, ObjectStore, ObjectTooLarge, StoreError
from service.store.keys import bank_key, bank_signature_key

log = structlog.get_logger()


class BankUnavailable(Exception):
    """The bank's bytes cannot be had now; try again. The sentence says what is in the way."""


class BankSource:
    """Fetches bank files. One fetch of a version at a time; different versions go on side by side."""

    def __init__(
        self,
        store: ObjectStore,
        cache: BankCache,
        cache_dir: Path,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        trust: Trust = UNCHECKED,
    ) -> None:
        self._store, self._trust = store, trust
        self._cache = cache
        self._files = HostFiles(cache_dir / "banks", limit_bytes)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def fetch(
        self, line: str, model: str, version: str, size: int, signature: str | None = None
    ) -> Path:
        """A file with exactly the bytes that the version names. Each source that lacks it or has it
        spoilt is passed over and filled again. The bank's ``signature`` is asked of the object store where
        the caller has none. Waits for disk and network. Raises ``BankUnavailable`` when trying again may
        help, ``BankRefused`` when the object store itself holds other bytes or nobody who is trusted signed
        them, ``ValueError`` for ids that break their rule."""
        key = bank_key(line, model, version)
        await self._require_trust(line, model, version, signature)
        lock = self._locks.setdefault(version, asyncio.Lock())
        try:
            async with lock:
                return await self._fetch(key, line, version, size)
        except OSError as error:
            raise BankUnavailable(
                f"bank {version[:12]} of {line} cannot be kept in {self._files.folder} ({error}): "
                "make room or correct PATCHLINE_STORE__CACHE_DIR"
            ) from error

    async def _require_trust(self, line: str, model: str, version: str, signature: str | None) -> None:
        if not self._trust.required:
            return
        text = signature.encode() if signature else await self._stored_signature(line, model, version)
        try:
            self._trust.check_bank(line, model, version, text)
        except SignatureRefused as refused:
            raise BankRefused(Refusal.UNTRUSTED, refused.sentence) from refused

    async def _stored_signature(self, line: str, model: str, version: str) -> bytes | None:
        try:
            return await self._store.get(bank_signature_key(line, model, version), max_bytes=1024)
        except MissingObject:
            return None
        except ObjectTooLarge:
            return b""
        except StoreError as error:
            raise BankUnavailable(f"the signature of bank {version[:12]} cannot be had: {error}") from error

    async def _fetch(self, key: str, line: str, version: str, size: int) -> Path:
        found = await asyncio.to_thread(self._files.find, version)
        if found is not None:
            return found
        data = await self._cache.get(line, version, size)
        if data is not None:
            path = await asyncio.to_thread(self._files.keep, version, data)
        else:
            path = await self._from_store(key, line, version, size)
        await asyncio.to_thread(self._files.trim, path)
        return path

    async def _from_store(self, key: str, line: str, version: str, size: int) -> Path:
        path = self._files.path(version)
        try:
            with self._files.incoming() as incoming:
                digest = await self._store.get_to_file(key, incoming, max_bytes=size)
                if digest != version:
                    raise BankRefused(Refusal.WRONG_HASH, f"The object store's {key} has {digest[:12]}.")
                await asyncio.to_thread(incoming.replace, path)
        except ObjectTooLarge as error:
            raise BankRefused(Refusal.WRONG_HASH, f"The object store's {key} is longer.") from error
        except StoreError as error:
            raise BankUnavailable(f"bank {version[:12]} of {line} cannot be had yet: {error}") from error
        log.info("bank-fetched", line=line, version=version, source="object-store")
        # A cache that has just failed is not made to fail again before the line gets its bank.
        if self._cache.available:
            await self._cache.put(line, version, await asyncio.to_thread(path.read_bytes))
        return path
