"""The feed: reads the topics into the view, then tells those who watch what is new."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog

from schemas.activation import BANK_RECORD, Published
from schemas.command import COMMAND
from schemas.ids import is_line_id
from schemas.line_event import LineEvent
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Verdict
from service.alerting import Ring
from service.banks.activation_log import ActivationLog
from service.letters.letters import letter_of
from service.signing.admission import trusted
from service.signing.events import heard
from service.signing.statement import KeyUse
from service.signing.trust import UNCHECKED, Trust
from service.stream.base import Broker, Record
from service.stream.follower import Follower
from service.web.hub import Event, Hub
from service.web.shapes import LineSummary
from service.web.view import View
from service.web.view.verdicts import Logged

SUMMARY_SECONDS = 1.0
# A line whose camera stops sends no verdict that would tell of it: its rate is told again all the same.
QUIET_TICKS = 5
# A line may fall silent so slowly that nothing else would tell of it.
ALL_TICKS = 30
# Alerts older than this open no group when the page starts.
PAST = timedelta(days=1)

log = structlog.get_logger()
T = TypeVar("T")


class Feed:
    """Runs until cancelled. Nothing is published before a topic was read to its end at start. ``draw`` makes
    a line's piece of the wall."""

    def __init__(
        self,
        broker: Broker,
        view: View,
        hub: Hub,
        draw: Callable[[LineSummary], str],
        *,
        prefix: str,
        keep: int,
        trust: Trust = UNCHECKED,
    ) -> None:
        self._draw = draw
        self._view = view
        self._hub = hub
        self._trust = trust
        self._activations = ActivationLog(trust)
        self._changed: set[str] = set()
        self._moving: set[str] = set()
        self._rung = asyncio.Event()
        names = {kind: TOPICS[kind].name(prefix) for kind in TopicKind}
        self._verdicts = Follower(broker, names[TopicKind.VERDICTS], self._take_verdicts, newest=keep)
        self._events = Follower(broker, names[TopicKind.LINE_EVENTS], self._take_events)
        self._followers = (
            self._verdicts,
            self._events,
            Follower(broker, names[TopicKind.BANKS], self._take_banks),
            Follower(broker, names[TopicKind.COMMANDS], self._take_commands),
            Follower(broker, names[TopicKind.DEAD_LETTERS], self._take_dead_letters, newest=keep),
        )

    def not_ready_because(self) -> str | None:
        """None when every topic was read to the end that it had at start, and is still followed."""
        reasons = (follower.not_ready_because() for follower in self._followers)
        return next((reason for reason in reasons if reason is not None), None)

    async def ready(self) -> None:
        """Return once every topic was read to the end that it had at start."""
        for follower in self._followers:
            await follower.wait_until_caught_up()

    async def rung(self) -> None:
        """Return once the alerts of the past are in their groups."""
        await self._rung.wait()

    async def run(self) -> None:
        """Follow the topics and tell of them."""
        async with asyncio.TaskGroup() as group:
            for follower in self._followers:
                group.create_task(follower.run())
            group.create_task(self._tell_summaries())
            group.create_task(self._ring_the_past())

    async def _take_verdicts(self, records: Sequence[Record]) -> None:
        logged = [
            Logged(verdict, record.offset) for record, verdict in _read(records, _value(Verdict.from_bytes))
        ]
        for verdict in await self._view.add_verdicts(logged):
            self._changed.add(verdict.line)
            self._ring(verdict)
            if self._verdicts.caught_up:
                self._hub.publish(Event("verdict", verdict.line, verdict.to_bytes().decode()))

    async def _ring_the_past(self) -> None:
        """Once all is read, in the order of time: partitions are read in no order."""
        await self._events.wait_until_caught_up()
        await self._verdicts.wait_until_caught_up()
        for ring in await self._view.rings(datetime.now(UTC) - PAST):
            self._view.hygiene.ring(ring)
        self._rung.set()

    def _ring(self, verdict: Verdict) -> None:
        ring = Ring.of_verdict(verdict) if self._rung.is_set() else None
        if ring is not None:
            self._view.hygiene.ring(ring)

    async def _take_events(self, records: Sequence[Record]) -> None:
        told = [(record.offset, event) for record, event in _read(records, self._heard) if event is not None]
        await self._view.tell(told)
        for _, event in told:
            self._changed.add(event.line)
            self._view.hygiene.hear(event)
            if self._events.caught_up:
                self._hub.publish(Event("line-event", event.line, event.to_bytes().decode()))

    def _heard(self, record: Record) -> LineEvent | None:
        return heard(record, self._trust)

    async def _take_commands(self, records: Sequence[Record]) -> None:
        signed = trusted(records, KeyUse.COMMANDS, self._trust)
        commands = [command for _, command in _read(signed, _value(COMMAND.validate_json))]
        await self._view.ask(commands)

    async def _take_dead_letters(self, records: Sequence[Record]) -> None:
        letters = [(record.partition, record.offset, _line(record.key)) for record in records]
        await self._view.set_aside(letters)
        read = (letter_of(record) for record in records)
        await self._view.keep_letters([letter for letter in read if letter is not None])
        self._changed.update(line for _, _, line in letters if line)

    async def _take_banks(self, records: Sequence[Record]) -> None:
        for record in records:
            await self._take_bank(record)

    async def _take_bank(self, record: Record) -> None:
        change = self._activations.apply(record)
        if change is not None:
            entry = change.entry
            await self._view.activate(entry.line, entry.epoch, entry.activation)
            self._changed.add(entry.line)
        signed = trusted([record], KeyUse.BANKS, self._trust)
        for _, parsed in _read(signed, _value(BANK_RECORD.validate_json)):
            if isinstance(parsed, Published):
                await self._view.publish(parsed)

    async def _tell_summaries(self) -> None:
        tick = 0
        while True:
            await asyncio.sleep(SUMMARY_SECONDS)
            tick += 1
            if tick % QUIET_TICKS == 0:
                self._changed |= self._moving
            if tick % ALL_TICKS == 0:
                self._changed |= {summary.line for summary in await self._view.lines()}
            if self._changed and len(self._hub):
                await self._tell_changed()

    async def _tell_changed(self) -> None:
        changed, self._changed = self._changed, set()
        for summary in await self._view.lines_named(changed):
            if summary.frames_per_minute:
                self._moving.add(summary.line)
            else:
                self._moving.discard(summary.line)
            self._hub.publish(Event("line", summary.line, summary.model_dump_json()))
            if self._hub.wants("tile"):
                told = json.dumps({"line": summary.line, "html": self._draw(summary)})
                self._hub.publish(Event("tile", summary.line, told))


def _read(records: Iterable[Record], parse: Callable[[Record], T]) -> Iterator[tuple[Record, T]]:
    """Each record that can be read; the others are named in the log and passed over."""
    for record in records:
        try:
            yield record, parse(record)
        except ValueError:
            place = f"{record.topic}[{record.partition}]@{record.offset}"
            log.warning("unreadable record passed over", place=place)


def _value(parse: Callable[[bytes], T]) -> Callable[[Record], T]:
    return lambda record: parse(record.value or b"")


def _line(key: bytes | None) -> str:
    text = (key or b"").decode(errors="replace")
    return text if is_line_id(text) else ""
