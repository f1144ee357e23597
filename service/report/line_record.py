"""What became of a line's frames in a span of time, read back from the topics."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from schemas.command import COMMAND, ApproveGood, ConfirmDefect
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Verdict
from service.ledger.scan import scan
from service.ledger.snapshot import Window, first_since
from service.signing.admission import refusal_of
from service.signing.events import heard
from service.signing.statement import KeyUse
from service.signing.trust import Trust
from service.stream.base import Broker, Record

_POLL_RECORDS = 2_000
Progress = Callable[[str, int, int], None]
Take = Callable[[Record], None]


@dataclass(slots=True)
class LineRecord:
    """Effective ``verdicts`` published since ``since``, in the order of the log; ``approved`` and
    ``confirmed``, the frames that people called good and defective in commands that were carried out;
    ``events``, what was told of the line since then."""

    line: str
    since: datetime
    verdicts: dict[tuple[int, int], Verdict] = field(default_factory=dict)
    approved: set[UUID] = field(default_factory=set)
    confirmed: set[UUID] = field(default_factory=set)
    events: list[LineEvent] = field(default_factory=list)


async def read_line(
    broker: Broker, prefix: str, line: str, since: datetime, trust: Trust, tell: Progress
) -> LineRecord:
    """Reads verdicts back to ``since``, commands and line-events whole; of these, only what ``trust`` takes
    as rebuilders and pages do. Memory grows with the line's frames in the span. Changes nothing. Raises
    ``StreamError``."""
    record = LineRecord(line, since)
    answers = _Answers(record, trust)
    reading = _Reading(broker, prefix, line, tell)
    await reading.all_of(TopicKind.LINE_EVENTS, answers.take_event)
    await reading.all_of(TopicKind.COMMANDS, answers.take_command)
    await reading.since(TopicKind.VERDICTS, since, lambda found: _take_verdict(record, found))
    return record


@dataclass(frozen=True, slots=True)
class _Reading:
    broker: Broker
    prefix: str
    line: str
    tell: Progress

    async def all_of(self, kind: TopicKind, take: Take) -> None:
        await self._scan(kind, None, take)

    async def since(self, kind: TopicKind, since: datetime, take: Take) -> None:
        await self._scan(kind, int(since.timestamp() * 1000), take)

    async def _scan(self, kind: TopicKind, since_ms: int | None, take: Take) -> None:
        topic = TOPICS[kind].name(self.prefix)
        reader = await self.broker.reader(topic)
        try:
            spans = dict(await reader.bounds())
            if since_ms is not None:
                spans = {
                    p: (await self._start(topic, p, span, since_ms), span[1]) for p, span in spans.items()
                }
            await scan(
                reader,
                spans,
                lambda records: self._give(records, take),
                lambda done, total: self.tell(kind.value, done, total),
                max_records=_POLL_RECORDS,
            )
        finally:
            await reader.close()

    async def _start(self, topic: str, partition: int, span: tuple[int, int], since_ms: int) -> int:
        whole = Window(span[0], span[1], span[1])
        return await first_since(self.broker, topic, partition, whole, since_ms)

    def _give(self, records: Sequence[Record], take: Take) -> None:
        for record in records:
            if record.key == self.line.encode() and record.value:
                take(record)


@dataclass(slots=True)
class _Answers:
    """What was told of a line and what people said of its parts. The line inside is what a signature is for:
    a record beside another line's key tells nothing here."""

    record: LineRecord
    trust: Trust
    done: set[UUID] = field(default_factory=set)

    def take_event(self, found: Record) -> None:
        try:
            event = heard(found, self.trust)
        except ValueError:
            return  # a later program's event: the page of that program tells it
        if event is None or event.line != self.record.line:
            return
        if event.kind is LineEventKind.COMMAND_DONE and event.command_id is not None:
            self.done.add(event.command_id)
        if event.at >= self.record.since:
            self.record.events.append(event)

    def take_command(self, found: Record) -> None:
        if refusal_of(found, KeyUse.COMMANDS, self.trust) is not None:
            return
        try:
            command = COMMAND.validate_json(found.value or b"")
        except ValueError:
            return  # no command, which the rebuilder has told of
        if command.line != self.record.line or command.command_id not in self.done:
            return
        if isinstance(command, ApproveGood):
            self.record.approved.update(frame.frame_uid for frame in command.frames)
        elif isinstance(command, ConfirmDefect):
            self.record.confirmed.add(command.frame.frame_uid)


def _take_verdict(record: LineRecord, found: Record) -> None:
    try:
        verdict = Verdict.from_bytes(found.value or b"")
    except ValueError:
        return  # a later program's verdict
    # Of two verdicts of one frame the first in the log is the effective one.
    record.verdicts.setdefault((verdict.source.partition, verdict.source.offset), verdict)
