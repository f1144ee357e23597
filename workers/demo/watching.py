"""The demo's eyes: reads what the programs publish, as any client could."""

import asyncio
import time
from collections.abc import Callable

from schemas.alert import Alert
from schemas.line_event import LineEvent
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Verdict
from service.stream.base import Broker, Record
from workers.demo.tally import Tally

_POLL_MS = 100
_POLL_RECORDS = 500


class Watcher:
    """Fills a tally from the topics."""

    def __init__(self, broker: Broker, prefix: str, tally: Tally) -> None:
        self._broker, self._prefix, self._tally = broker, prefix, tally
        self._takers: dict[TopicKind, Callable[[Record], None]] = {
            TopicKind.VERDICTS: self._verdict,
            TopicKind.ALERTS: self._alert,
            TopicKind.DEAD_LETTERS: self._dead_letter,
            TopicKind.LINE_EVENTS: self._line_event,
        }

    async def run(self) -> None:
        """Read all topics from their beginnings; never returns by itself."""
        async with asyncio.TaskGroup() as group:
            for kind, take in self._takers.items():
                group.create_task(self._follow(kind, take))

    async def _follow(self, kind: TopicKind, take: Callable[[Record], None]) -> None:
        reader = await self._broker.reader(TOPICS[kind].name(self._prefix))
        try:
            while True:
                for record in await reader.poll(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS):
                    take(record)
        finally:
            await reader.close()

    def _verdict(self, record: Record) -> None:
        self._tally.add(Verdict.from_bytes(record.value or b""), time.time() * 1000)

    def _alert(self, record: Record) -> None:
        self._tally.alerts.add(Alert.from_bytes(record.value or b"").alert_id)

    def _dead_letter(self, record: Record) -> None:
        self._tally.dead_letters += 1

    def _line_event(self, record: Record) -> None:
        event = LineEvent.from_bytes(record.value or b"")
        if event.vectors is not None and event.epoch is not None:
            self._tally.lines[event.line].bank_vectors = event.vectors
