"""Puts a version in force: writes the next epoch, and reads back whether it won."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

import structlog

from schemas.activation import Activated, Thresholds
from schemas.cloudevents import cloudevent_headers
from schemas.ids import NAMESPACE
from service.banks.activation_log import Entry, activation_headers
from service.banks.activation_reader import ActivationFollower
from service.signing.signer import Signer
from service.store import ObjectStore, StoreError
from service.store.keys import activation_key, activation_signature_key, bank_signature_key
from service.stream.base import Producer, StreamError

log = structlog.get_logger()
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of the programs."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ActivationDraft:
    """What to put in force. ``based_on`` is the epoch that the draft was made from: when the line has
    moved on since, the draft is lost instead of undoing what the winner did; None puts it on top of any."""

    model: str
    version: str
    size_bytes: int
    thresholds: Thresholds
    based_on: int | None = None
    command_id: UUID | None = None
    actor: str = "patchline"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """Another writer was first. Drop what it already did, make a new draft from ``winner``, try again."""

    winner: Entry


class ActivationWriter:
    """Writes epochs. Any number may run, in any number of processes; no lock is held anywhere. With a
    ``signer``, ``producer`` signs records, and activations carry the bank's signature by the same key."""

    def __init__(
        self,
        producer: Producer,
        follower: ActivationFollower,
        store: ObjectStore,
        topic: str,
        clock: Clock = utc_now,
        signer: Signer | None = None,
    ) -> None:
        self._producer, self._signer = producer, signer
        self._follower = follower
        self._store = store
        self._topic = topic
        self._clock = clock
        self._turn = asyncio.Lock()

    async def activate(self, line: str, draft: ActivationDraft) -> Activated | Lost:
        """Put a draft in force on a line, or tell who was first. A command that is in force already is
        not written again, so after a ``StreamError`` calling this again is safe if the draft has a
        ``command_id``. Waits for the broker and the store. Raises ``StreamError``."""
        async with self._turn:
            await self._follower.read_to_end()
            done = self._of_command(line, draft.command_id)
            if done is not None:
                return done
            log = self._follower.log
            current, before = log.current(line), log.newest_trusted(line)
            epochs = {entry.epoch for entry in (current, before) if entry is not None}
            if current is not None and draft.based_on is not None and draft.based_on not in epochs:
                return Lost(before or current)
            return await self._write(line, draft)

    async def archive(self) -> int:
        """Write the activation files that the store lacks, as after an outage; answers how many. Waits
        for the broker and the store. Raises ``StreamError`` and ``StoreError``."""
        async with self._turn:
            await self._follower.read_to_end()
        history = self._follower.log.history
        entries = [entry for line in self._follower.log.lines() for entry in history(line)]
        return sum([await self._put(entry) for entry in entries])

    async def _write(self, line: str, draft: ActivationDraft) -> Activated | Lost:
        activated = self._activated(line, draft)
        value = activated.to_bytes()
        await self._producer.send(
            self._topic, key=line.encode(), value=value, headers=_headers(activated), partition=0
        )
        await self._follower.read_to_end()
        winner = self._follower.log.at(line, activated.epoch)
        if winner is None:
            raise StreamError(f"epoch {activated.epoch} of {line} is not in {self._topic}: check the broker")
        # By value, not by offset: a client that sent it twice is told the offset of the second.
        if winner.value == value and winner.fault is None:
            await self._archive(winner)
            return activated
        return self._of_command(line, draft.command_id) or Lost(winner)

    def _activated(self, line: str, draft: ActivationDraft) -> Activated:
        return Activated(
            line=line,
            epoch=self._follower.log.epoch(line) + 1,
            model=draft.model,
            version=draft.version,
            size_bytes=draft.size_bytes,
            thresholds=draft.thresholds,
            command_id=draft.command_id,
            actor=draft.actor,
            why=draft.why,
            bank_signature=self._bank_signature(line, draft),
            activated_at=self._clock(),
        )

    def _bank_signature(self, line: str, draft: ActivationDraft) -> str | None:
        return self._signer.bank(line, draft.model, draft.version) if self._signer else None

    def _of_command(self, line: str, command_id: UUID | None) -> Activated | None:
        if command_id is None:
            return None
        activations = (entry.activation for entry in self._follower.log.history(line))
        return next((a for a in activations if a is not None and a.command_id == command_id), None)

    async def _archive(self, entry: Entry) -> None:
        try:
            await self._put(entry)
            await self._sign_again(entry)
        except StoreError as error:
            # It is in force already; ``archive`` writes the file later.
            log.warning("activation-not-archived", line=entry.line, epoch=entry.epoch, error=str(error))

    async def _put(self, entry: Entry) -> bool:
        """The record, and its signature beside it; whether the record was not there yet."""
        if entry.signature is not None:
            key = activation_signature_key(entry.line, entry.epoch)
            await self._store.put(key, entry.signature, create_only=True)
        key = activation_key(entry.line, entry.epoch)
        return await self._store.put(key, entry.value, create_only=True)

    async def _sign_again(self, entry: Entry) -> None:
        """The bank may have been signed with a key that is on its way out."""
        made = entry.activation
        if made is not None and made.bank_signature is not None:
            key = bank_signature_key(made.line, made.model, made.version)
            await self._store.put(key, made.bank_signature.encode())


def _headers(activated: Activated) -> tuple[tuple[str, bytes], ...]:
    event = uuid5(NAMESPACE, f"activated/{activated.line}/{activated.epoch}/{activated.version}")
    standard = cloudevent_headers("banks", str(event), activated.line, activated.activated_at)
    return activation_headers(activated.line, activated.epoch) + standard
