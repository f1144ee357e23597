"""What became of each command: written to ``line-events``, and read from there at the start."""

import asyncio
from collections import defaultdict
from datetime import datetime
from uuid import UUID, uuid5

import structlog

from schemas.command import AnyCommand
from schemas.ids import NAMESPACE
from schemas.line_event import LineEvent
from schemas.reasons import CommandKind, LineEventKind
from service.annals.annals import RESULTS, Annals
from service.banks.activation_writer import Clock, utc_now
from service.signing.events import heard, send_event
from service.signing.signatures import UNSIGNED, Signatures
from service.stream.base import Producer, Reader, Record, StreamError

READ_SECONDS = 60.0
_log = structlog.get_logger()


class Journal:
    """One loop's view of the results. A command has one result that counts: the first in the log. ``annals``
    is told of every event in the log's order. With keys, what it writes is signed, and what tells of a
    command unsigned is passed over."""

    def __init__(
        self,
        reader: Reader,
        producer: Producer,
        topic: str,
        clock: Clock = utc_now,
        signatures: Signatures = UNSIGNED,
    ) -> None:
        self._reader, self._producer, self._topic, self._clock = reader, producer, topic, clock
        self._signatures = signatures
        self.annals = Annals()
        self._turn = asyncio.Lock()
        self._next: dict[int, int] = {}
        self._finished: set[UUID] = set()
        self._joined: defaultdict[UUID, set[str]] = defaultdict(set)

    async def read_to_end(self) -> None:
        """Take all that was in the log when this was called. Any task may call it. Raises ``StreamError``."""
        async with self._turn:
            await self._read_to_end()

    async def _read_to_end(self) -> None:
        bounds = await self._reader.bounds()
        ends = {partition: end for partition, (begin, end) in bounds.items() if begin < end}
        try:
            async with asyncio.timeout(READ_SECONDS):
                while any(self._next.get(partition, 0) < end for partition, end in ends.items()):
                    for record in await self._reader.poll(timeout_ms=200, max_records=1000):
                        self._take(record)
        except TimeoutError as error:
            raise StreamError(
                f"{self._topic} was not read to its end in {READ_SECONDS:g} s: check the broker"
            ) from error

    def finished(self, command_id: UUID) -> bool:
        """Whether the command has its result."""
        return command_id in self._finished

    def joined(self, command_id: UUID) -> frozenset[str]:
        """The versions of which this program, or one before it, said that they hold the command's parts."""
        return frozenset(self._joined.get(command_id, ()))

    async def write(self, event: LineEvent) -> None:
        """Write an event and wait for its acknowledgement. Raises ``StreamError``; writing again is safe."""
        signer = self._signatures.signer
        await send_event(self._producer, self._topic, event, str(_event_id(event)), signer)
        self._remember(event)

    def now(self) -> datetime:
        """The clock of the events."""
        return self._clock()

    def _take(self, record: Record) -> None:
        self._next[record.partition] = record.offset + 1
        try:
            event = heard(record, self._signatures.trust)
        except ValueError:
            # A later program's event: whatever it tells is no result of ours.
            _log.info("line event passed over", offset=record.offset)
            return
        if event is not None:
            self._remember(event)
            self.annals.tell(event)

    def _remember(self, event: LineEvent) -> None:
        if event.command_id is None:
            return
        if event.kind in RESULTS:
            self._finished.add(event.command_id)
            self._joined.pop(event.command_id, None)
        elif event.version is not None:
            self._joined[event.command_id].add(event.version)


def event_of(command: AnyCommand, kind: LineEventKind, sentence: str, at: datetime) -> LineEvent:
    """An event about a command; what else is known of it is added with ``model_copy``."""
    return LineEvent(
        kind=kind,
        line=command.line,
        sentence=sentence,
        command_id=command.command_id,
        command_kind=CommandKind(command.kind),
        actor=command.actor,
        at=at,
    )


def _event_id(event: LineEvent) -> UUID:
    share = "" if event.share_done is None else f"/{event.share_done:.3f}"
    what = event.command_id or f"{event.line}/{event.at.isoformat()}"
    return uuid5(NAMESPACE, f"{what}/{event.kind.value}/{event.version or ''}{share}")
