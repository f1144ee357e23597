"""Laws of replays, on every broker: what is sent again is a new frame that names the old one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from schemas.dead_letter import DeadLetter
from schemas.frame import FrameHeaders, Headers
from schemas.ids import sha256_hex
from schemas.reasons import DeadLetterReason, FaultReason, VerdictKind
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Source, Verdict
from service.letters.letters import Letter, letters, settle
from service.letters.resend import CannotReplay, faults, resend_fault, resend_letter
from service.letters.selection import Selection, every_record
from service.settings import KafkaSettings, StoreSettings
from service.store import ObjectStore, open_store
from service.store.keys import frame_key
from service.stream.base import Broker, Record
from tests.harness.topics import specs

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KINDS = (TopicKind.FRAMES, TopicKind.VERDICTS, TopicKind.DEAD_LETTERS)


class Scene:
    """Topics of one installation, and a store."""

    def __init__(self, broker: Broker, prefix: str) -> None:
        self.broker, self.store = broker, open_store(StoreSettings(url="memory://"))
        self.frames, self.verdicts, self.letters = (TOPICS[kind].name(prefix) for kind in KINDS)

    async def set_aside(
        self, offset: int, reason: DeadLetterReason, line: str, value: bytes = b"bytes", own: Headers = ()
    ) -> None:
        told = DeadLetter(
            reason=reason,
            sentence=reason.sentence,
            source_topic=self.frames,
            source_partition=0,
            source_offset=offset,
            source_timestamp_ms=1,
            sha256=sha256_hex(value),
            set_aside_at=NOW + timedelta(minutes=offset),
        )
        producer = await self.broker.producer()
        await producer.send(self.letters, key=line.encode(), value=value, headers=told.to_headers() + own)

    async def judge(self, offset: int, reason: FaultReason | None, replay_of: str | None = None) -> Verdict:
        verdict = Verdict(
            frame_uid=uuid4(),
            line="line1",
            frame_id=f"part-{offset}",
            frame_sha256=sha256_hex(b"picture"),
            part_id="p7",
            replay_of=replay_of,
            verdict=VerdictKind.OK if reason is None else VerdictKind.FAULT,
            reason=reason,
            source=Source(partition=0, offset=offset, timestamp_ms=1),
            inspected_at=NOW + timedelta(minutes=offset),
        )
        producer = await self.broker.producer()
        await producer.send(self.verdicts, key=b"line1", value=verdict.to_bytes(), partition=0)
        return verdict

    async def found(self, wanted: Selection | None = None) -> list[Letter]:
        return [x async for x in letters(self.broker, self.store, self.letters, wanted or Selection())]

    async def faulty(self, **wanted: object) -> Sequence[str]:
        chosen = Selection("line1", **wanted)  # type: ignore[arg-type]
        return [fault.frame_id async for fault in faults(self.broker, self.verdicts, chosen)]

    async def sent(self) -> list[Record]:
        return [record async for record in every_record(self.broker, self.frames)]


@pytest.fixture
async def scene(broker: Broker, kafka_settings: KafkaSettings) -> Scene:
    prefix = kafka_settings.topic_prefix
    await broker.create_topics(specs(prefix, *KINDS), partitions=1, replication=1)
    return Scene(broker, prefix)


async def test_letters_are_chosen_by_line_reason_and_moment_each_once(scene: Scene) -> None:
    truncated, nothing = DeadLetterReason.TRUNCATED, DeadLetterReason.NOT_AN_IMAGE
    await scene.set_aside(0, truncated, "line1")
    await scene.set_aside(1, nothing, "line1")
    await scene.set_aside(1, nothing, "line1")
    await scene.set_aside(2, nothing, "line2")
    await scene.set_aside(3, DeadLetterReason.BAD_LINE_ID, "No Line")
    assert [letter.id for letter in await scene.found()] == ["0/0", "0/1", "0/2", "0/3"]
    assert [letter.line for letter in await scene.found()] == ["line1", "line1", "line2", None]
    chosen = await scene.found(Selection(line="line1", reasons=[nothing.value]))
    assert [letter.id for letter in chosen] == ["0/1"]
    assert [x.id for x in await scene.found(Selection(since=NOW + timedelta(minutes=2)))] == ["0/2", "0/3"]


async def test_a_replayed_letter_is_a_new_frame_with_its_own_headers_and_is_settled(scene: Scene) -> None:
    own = (("frame-id", b"part-9"), ("part-id", b"p9"), ("captured-at", b"noon"))
    await scene.set_aside(9, DeadLetterReason.BAD_HEADER, "line1", b"picture", own)
    (letter,) = await scene.found()
    topics = scene.letters, scene.frames
    await resend_letter(scene.broker, await scene.broker.producer(), topics, letter)
    (frame,) = await scene.sent()
    assert (frame.key, frame.value) == (b"line1", b"picture")
    assert FrameHeaders.parse(frame.headers) == FrameHeaders(
        frame_id="part-9", part_id="p9", replay_of="frames/0/9"
    )
    await settle(scene.store, letter, "replayed")
    assert [letter.state for letter in await scene.found()] == ["replayed"]


async def test_a_letter_without_line_or_bytes_is_replayed_only_where_it_can_be(scene: Scene) -> None:
    await scene.set_aside(0, DeadLetterReason.BAD_LINE_ID, "No Line", b"picture")
    await scene.set_aside(1, DeadLetterReason.EMPTY, "line1", b"")
    nameless, empty = await scene.found()
    producer, topics = await scene.broker.producer(), (scene.letters, scene.frames)
    with pytest.raises(CannotReplay, match="has no line: name one with --as-line"):
        await resend_letter(scene.broker, producer, topics, nameless)
    with pytest.raises(CannotReplay, match="has no bytes"):
        await resend_letter(scene.broker, producer, topics, empty)
    await resend_letter(scene.broker, producer, topics, nameless, "line1")
    assert [frame.key for frame in await scene.sent()] == [b"line1"]


async def test_faults_are_those_of_effective_verdicts_not_replayed_before(scene: Scene) -> None:
    await scene.judge(0, FaultReason.BREAKER_OPEN)
    await scene.judge(1, None)
    await scene.judge(1, FaultReason.BREAKER_OPEN)
    await scene.judge(2, FaultReason.FLAT)
    await scene.judge(3, FaultReason.BREAKER_OPEN)
    await scene.judge(4, None, replay_of="frames/0/3")
    assert await scene.faulty() == ["part-0", "part-2"]
    assert await scene.faulty(reasons=["breaker-open"]) == ["part-0"]
    assert await scene.faulty(since=NOW + timedelta(minutes=1)) == ["part-2"]


async def test_a_replayed_fault_is_its_stored_frame_by_reference(scene: Scene) -> None:
    fault = await scene.judge(5, FaultReason.NO_BANK)
    producer = await scene.broker.producer()
    with pytest.raises(CannotReplay, match="no longer in the store"):
        await resend_fault(producer, scene.store, scene.frames, fault)
    await scene.store.put(frame_key("line1", fault.frame_uid), b"picture")
    await resend_fault(producer, scene.store, scene.frames, fault)
    (frame,) = await scene.sent()
    headers = FrameHeaders.parse(frame.headers)
    assert (headers.frame_id, headers.part_id, headers.replay_of) == ("part-5", "p7", "frames/0/5")
    assert await _referenced(scene.store, headers) == b"picture"


async def _referenced(store: ObjectStore, headers: FrameHeaders) -> bytes:
    assert headers.frame_ref is not None
    return await store.get(headers.frame_ref.partition("/")[2])
