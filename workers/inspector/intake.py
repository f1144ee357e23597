"""The intake: records in from the group, each to the desk as a job or straight to the outbox."""

import asyncio
from collections.abc import Callable

import structlog

from schemas.ids import sha256_hex
from schemas.reasons import DeadLetterReason, FaultReason
from service.images.decode import ImageLimits
from service.inspection.breaker import Passage
from service.settings import InspectorSettings
from service.store.errors import ObjectTooLarge, StoreError, StoreUnreachable
from service.store.object_store import ObjectStore
from service.stream.base import Member, Record
from service.telemetry import metrics
from workers.inspector.breakers import Breakers
from workers.inspector.desk import Desk
from workers.inspector.flow import Flow
from workers.inspector.job import Envelope, Job, Rejected, make_job, name_job, open_envelope
from workers.inspector.maintenance import MaintenanceWatch
from workers.inspector.parcel import Aside, Outcomes, Parcel, SaidBefore
from workers.inspector.readback import Readback

_POLL_MS = 200
# While a busy partition is held for the sake of the others, it may go on long before one of them has a frame.
_SCARCE_POLL_MS = 20
# A frame by reference that cannot be fetched this often ends the process: its supervisor starts it again,
# and the frame, uncommitted, comes back.
_FETCH_TRIES = 20
_log = structlog.get_logger()


class Intake:
    """Polls one group member. ``hand_out`` takes what needs no score."""

    def __init__(
        self,
        member: Member,
        store: ObjectStore,
        settings: InspectorSettings,
        readback: Readback,
        breakers: Breakers,
        maintenance: MaintenanceWatch,
        flow: Flow,
        desk: Desk,
        hand_out: Callable[[Parcel], None],
        publishing: asyncio.Lock,
    ) -> None:
        self._member, self._store, self._settings = member, store, settings
        self._readback, self._flow, self._desk = readback, flow, desk
        self._hand_out, self._publishing = hand_out, publishing
        self._breakers, self._maintenance = breakers, maintenance

    async def run(self, stop: asyncio.Event) -> None:
        """Take records in until ``stop``; raises what the broker or the store cannot recover from."""
        while not stop.is_set():
            if self._flow.room == 0:
                # A poll for no partition would last its whole time, whatever leaves meanwhile.
                await self._flow.change(_POLL_MS / 1000)
            self._throttle()
            patience = _SCARCE_POLL_MS if self._flow.scarce else _POLL_MS
            records = await self._member.poll(timeout_ms=patience, max_records=self._flow.wanted)
            generation = self._member.generation
            if generation != self._flow.generation:
                await self._begin()
            for record in records:
                # Those of an assignment that ended meanwhile are given out again by the group.
                if generation == self._flow.generation:
                    await self._take(record)

    def _throttle(self) -> None:
        mine = self._member.assignment
        held = self._flow.held(mine)
        self._member.pause(held)
        self._member.resume(mine - held)
        metrics.PAUSED.set(len(held))

    async def _begin(self) -> None:
        """A new assignment: drop what is not yet being published, then learn what is already said."""
        metrics.REBALANCES.inc()
        for job in self._desk.clear():
            self._flow.left(job.envelope.record, job.envelope.generation, job.pixels, published=False)
        async with self._publishing:
            generation = self._member.generation
            committed = {p: await self._member.committed(p) for p in self._member.assignment}
            offsets = {partition: offset or 0 for partition, offset in committed.items()}
            self._flow.begin(offsets, generation)
        judged = await self._readback.begin(offsets)
        _log.info("partitions assigned", partitions=sorted(offsets), already_judged=judged)

    async def _take(self, record: Record) -> None:
        generation = self._flow.generation
        self._flow.fetched(record)
        said = self._readback.take(record.partition, record.offset)
        if said is not None:
            self._pass_on(SaidBefore(generation, record, said))
            return
        try:
            job = await self._open(record, generation)
        except Rejected as rejected:
            self._pass_on(Aside(generation, record, rejected))
            return
        if job.pixels == 0:
            self._pass_on(Outcomes.unexamined(generation, job, job.unseen))
        else:
            self._flow.spend(record, job.pixels)
            self._desk.admit(job)

    def _pass_on(self, parcel: Parcel) -> None:
        for entry in parcel.entries:
            self._flow.spend(entry.record, 0)
        self._hand_out(parcel)

    async def _open(self, record: Record, generation: int) -> Job:
        envelope = open_envelope(record, generation)
        if self._maintenance.covers(envelope.line, record.timestamp_ms):
            data, _ = await self._bytes(envelope)
            return name_job(envelope, data, 0, Passage.REFUSED, FaultReason.MAINTENANCE)
        passage = self._breakers.admit(envelope)
        try:
            data, limits = await self._bytes(envelope)
        except Rejected:
            # Without bytes there is nothing to keep for a replay: a dead letter, also past an open breaker.
            self._breakers.rejected(envelope, passage)
            raise
        if passage is Passage.REFUSED:
            return name_job(envelope, data, 0, passage)
        try:
            return make_job(envelope, data, limits, passage)
        except Rejected:
            self._breakers.rejected(envelope, passage)
            if passage is Passage.PROBE:
                return name_job(envelope, data, 0, passage)
            raise

    async def _bytes(self, envelope: Envelope) -> tuple[bytes, ImageLimits]:
        settings, reference = self._settings, envelope.headers.frame_ref
        if envelope.record.value:
            return envelope.record.value, ImageLimits(settings.max_pixels, settings.max_inline_bytes)
        if reference is None:
            raise Rejected(DeadLetterReason.EMPTY)
        data = await self._fetch(envelope, reference)
        return data, ImageLimits(settings.max_pixels, settings.max_reference_bytes)

    async def _fetch(self, envelope: Envelope, reference: str) -> bytes:
        _, _, key = reference.partition("/")
        for attempt in range(_FETCH_TRIES):
            try:
                data = await self._store.get(key, max_bytes=self._settings.max_reference_bytes)
            except StoreUnreachable as error:
                _log.warning("frame by reference not fetched yet", cause=str(error), attempt=attempt)
                await asyncio.sleep(min(0.2 * 2**attempt, 10))
            except ObjectTooLarge as error:
                raise Rejected(DeadLetterReason.TOO_MANY_BYTES, str(error)) from error
            except StoreError as error:
                raise Rejected(DeadLetterReason.BAD_REFERENCE, str(error)) from error
            else:
                return _checked(envelope, data)
        raise StoreUnreachable(f"{reference} could not be fetched in {_FETCH_TRIES} tries: check the store")


def _checked(envelope: Envelope, data: bytes) -> bytes:
    wanted = envelope.headers.frame_sha256
    if wanted is None or sha256_hex(data) != wanted:
        raise Rejected(
            DeadLetterReason.BAD_REFERENCE, "frame-sha256 is missing or is not the object's sha256."
        )
    return data
