"""A plant in memory: what inspectors and the rebuilder would write, written by the test."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from schemas.activation import Activated, Published, Thresholds
from schemas.command import COMMAND, AnyCommand
from schemas.dead_letter import DeadLetter
from schemas.ids import frame_uid, sha256_hex
from schemas.line_event import LineEvent
from schemas.message import Message
from schemas.reasons import DeadLetterReason, LineEventKind, VerdictKind
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Source, Verdict
from service.banks.activation_log import activation_headers
from service.runtime.start import topic_specs
from service.settings import Settings, StoreSettings, WebSettings
from service.store import open_store
from service.store.keys import frame_key
from service.stream.base import Broker, Producer
from service.stream.memory import MemoryBroker
from service.web_urls import frame_url

BEGAN = datetime(2026, 1, 31, 12, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"drawn by nobody"
THRESHOLDS = Thresholds(
    wished_alpha=0.01,
    alpha=0.01,
    review_alpha=0.05,
    defect_score=1.0,
    review_score=0.8,
    calibration_parts=100,
)


def version_of(line: str, epoch: int) -> str:
    """The version that the plant puts in force at an epoch."""
    return sha256_hex(f"{line} {epoch}".encode())


class Plant:
    """Lines without cameras. ``ask`` is made by the page itself; everything else here."""

    def __init__(self, folder: Path, **web: Any) -> None:
        self.settings = Settings(
            store=StoreSettings(url="memory://", cache_dir=folder),
            web=WebSettings(port=0, accounts=folder / "accounts.sqlite", **web),
        )
        self.broker: Broker = MemoryBroker()
        self._producer: Producer | None = None
        self.store = open_store(self.settings.store)
        self._sent = 0

    async def open(self) -> None:
        """Create the topics."""
        specs = topic_specs(self.settings.kafka.topic_prefix)
        await self.broker.create_topics(specs, partitions=2, replication=1)

    async def write(self, kind: TopicKind, line: str, message: Message, **more: Any) -> None:
        """Write a message to a topic."""
        self._producer = self._producer or await self.broker.producer()
        topic = TOPICS[kind].name(self.settings.kafka.topic_prefix)
        await self._producer.send(topic, key=line.encode(), value=message.to_bytes(), **more)

    async def set_aside(
        self, offset: int, reason: DeadLetterReason, line: str, value: bytes, at: datetime | None = None
    ) -> None:
        """An inspector finds that the frame at this offset cannot be inspected."""
        told = DeadLetter(
            reason=reason,
            sentence=reason.sentence,
            source_topic="patchline.frames",
            source_partition=0,
            source_offset=offset,
            source_timestamp_ms=1,
            sha256=sha256_hex(value),
            set_aside_at=at or BEGAN + timedelta(seconds=offset),
        )
        producer = await self.broker.producer()
        topic = TOPICS[TopicKind.DEAD_LETTERS].name(self.settings.kafka.topic_prefix)
        await producer.send(topic, key=line.encode(), value=value, headers=told.to_headers())

    def make(self, line: str, kind: VerdictKind = VerdictKind.OK, **facts: Any) -> Verdict:
        """A verdict, one second after the one before."""
        self._sent += 1
        frame_id = facts.pop("frame_id", f"part-{self._sent}")
        data = facts.pop("data", frame_id.encode())
        uid = frame_uid(line, frame_id, sha256_hex(data))
        source = Source(partition=0, offset=self._sent, timestamp_ms=0)
        values = {
            "frame_uid": uid,
            "frame_sha256": sha256_hex(data),
            "frame_url": frame_url("http://127.0.0.1", line, uid),
            "source": source,
            "inspected_at": BEGAN + timedelta(seconds=self._sent),
        }
        return Verdict(line=line, frame_id=frame_id, verdict=kind, **{**values, **facts})

    async def judge(self, line: str, kind: VerdictKind = VerdictKind.OK, **facts: Any) -> Verdict:
        """Publish a verdict whose frame is stored; ``data`` are the frame's bytes, None for no frame."""
        data = facts.pop("data", PNG + str(self._sent).encode())
        verdict = self.make(line, kind, data=data or b"", **facts)
        if data is not None:
            await self.store.put(frame_key(line, verdict.frame_uid), data)
        await self.write(TopicKind.VERDICTS, line, verdict)
        return verdict

    async def activate(self, line: str, epoch: int, **facts: Any) -> Activated:
        """Publish a version and put it in force."""
        version = facts.pop("version", version_of(line, epoch))
        common = {"line": line, "model": "default", "version": version, "size_bytes": 1_000_000}
        published = Published(
            **common, vectors=2048, parts=99 + epoch, radius=0.5, published_at=BEGAN, **facts.pop("bank", {})
        )
        await self.write(TopicKind.BANKS, line, published)
        activated = Activated(
            **{**common, "epoch": epoch, "thresholds": THRESHOLDS, "activated_at": BEGAN, **facts}
        )
        await self.write(TopicKind.BANKS, line, activated, headers=activation_headers(line, epoch))
        return activated

    async def answer(self, line: str, command_id: str, *, epoch: int | None) -> None:
        """Tell a command's result: done with an epoch, refused without."""
        done = epoch is not None
        event = LineEvent(
            kind=LineEventKind.COMMAND_DONE if done else LineEventKind.COMMAND_REFUSED,
            line=line,
            sentence="The bank grew by 12 vectors." if done else "The part looks like a known defect.",
            command_id=UUID(command_id),
            epoch=epoch,
            at=datetime.now(UTC),
        )
        await self.write(TopicKind.LINE_EVENTS, line, event)

    async def commands(self) -> list[tuple[AnyCommand, Mapping[str, bytes]]]:
        """Every command in the log, with its headers."""
        reader = await self.broker.reader(TOPICS[TopicKind.COMMANDS].name(self.settings.kafka.topic_prefix))
        records = await reader.poll(timeout_ms=10, max_records=100)
        await reader.close()
        return [(COMMAND.validate_json(record.value or b""), dict(record.headers)) for record in records]


def unknown_uid() -> str:
    """A frame_uid that no plant has."""
    return str(uuid4())
