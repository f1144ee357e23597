"""Publishing a bank: its bytes where all can fetch them, then the record that says so."""

import asyncio
from uuid import UUID

import structlog

from schemas.activation import Published
from schemas.ids import sha256_hex
from service.banks.activation_writer import Clock, utc_now
from service.banks.announcement import announcement_headers, published_of
from service.banks.bank_file import LoadedBank, read_bank
from service.banks.cache import BankCache
from service.signing.signer import Signer
from service.store import ObjectStore
from service.store.keys import bank_key, bank_signature_key
from service.stream.base import Producer

log = structlog.get_logger()


class BankPublisher:
    """Bytes first, record last: whoever reads the record can have the bytes. Publishing again is safe. With
    a ``signer``, ``producer`` signs records, and the bank's signature lies beside its bytes."""

    def __init__(
        self,
        store: ObjectStore,
        cache: BankCache,
        producer: Producer,
        topic: str,
        clock: Clock = utc_now,
        signer: Signer | None = None,
    ) -> None:
        self._store = store
        self._cache = cache
        self._producer = producer
        self._topic = topic
        self._clock, self._signer = clock, signer

    async def publish(
        self, data: bytes, *, based_on: str | None = None, command_id: UUID | None = None
    ) -> Published:
        """Publish a bank file under the line and model that it names, telling which version it grew out of
        and for which command. It is not in force until an ``ActivationWriter`` says so. Raises
        ``BankRefused`` for bytes that no reader would take, ``StoreError`` and ``StreamError``; after either,
        publish again."""
        loaded = await asyncio.to_thread(read_bank, data)
        await self._keep(loaded, data)
        await self._cache.put(loaded.manifest.line, loaded.version, data)
        signature = await self._sign(loaded)
        published = published_of(loaded, self._clock(), signature)
        published = published.model_copy(update={"based_on": based_on, "command_id": command_id})
        await self._announce(published)
        return published

    async def _keep(self, loaded: LoadedBank, data: bytes) -> None:
        key = bank_key(loaded.manifest.line, loaded.manifest.model, loaded.version)
        if await self._store.put(key, data, create_only=True):
            return
        stored = await self._store.get(key)
        if await asyncio.to_thread(sha256_hex, stored) != loaded.version:
            # The name is the hash, so writing the right bytes over spoilt ones harms nobody.
            log.warning("bank-repaired", key=key)
            await self._store.put(key, data)

    async def _sign(self, loaded: LoadedBank) -> str | None:
        if self._signer is None:
            return None
        bank = loaded.manifest.line, loaded.manifest.model, loaded.version
        signature = self._signer.bank(*bank)
        await self._store.put(bank_signature_key(*bank), signature.encode())
        return signature

    async def _announce(self, published: Published) -> None:
        await self._producer.send(
            self._topic,
            key=published.line.encode(),
            value=published.to_bytes(),
            headers=announcement_headers(published),
            partition=0,
        )
