"""A frame on its way to its verdict, and the reasons for which a message never becomes one."""

import time
from dataclasses import dataclass, field, replace
from uuid import UUID

from schemas.frame import FrameHeaders
from schemas.ids import default_frame_id, frame_uid, is_line_id, sha256_hex
from schemas.reasons import DeadLetterReason, FaultReason
from schemas.verdict import Source
from service.images.decode import ImageLimits, inspect
from service.images.unreadable import UnreadableImage
from service.inspection.breaker import Passage
from service.stream.base import Record


class Rejected(Exception):
    """The message is a dead letter."""

    def __init__(self, reason: DeadLetterReason, sentence: str | None = None) -> None:
        super().__init__(sentence or reason.sentence)
        self.reason = reason
        self.sentence = sentence or reason.sentence

    @classmethod
    def of(cls, reason: str, sentence: str) -> "Rejected":
        """The rejection that the extraction worker tells of by the reason's word."""
        return cls(DeadLetterReason(reason), sentence)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message with its line and headers checked; its bytes may still lie in the object store."""

    record: Record
    generation: int
    line: str
    headers: FrameHeaders

    @property
    def source(self) -> Source:
        """The frame's place in the ledger."""
        record = self.record
        return Source(partition=record.partition, offset=record.offset, timestamp_ms=record.timestamp_ms)


@dataclass(frozen=True, slots=True)
class Job:
    """A frame that waits for its score. ``pixels`` is what its header states, before decoding; 0 for one
    that is not looked at, which is a fault for the reason ``unseen``."""

    envelope: Envelope
    frame_id: str
    uid: UUID
    sha256: str
    data: bytes
    pixels: int
    passage: Passage = Passage.THROUGH
    unseen: FaultReason = FaultReason.BREAKER_OPEN
    arrived: float = field(default_factory=time.monotonic, compare=False)

    @property
    def line(self) -> str:
        """The line that the frame came from."""
        return self.envelope.line


def open_envelope(record: Record, generation: int) -> Envelope:
    """Check a message's key and headers; raises ``Rejected``."""
    if record.unreadable is not None:
        raise Rejected(DeadLetterReason.DAMAGED, record.unreadable)
    line = (record.key or b"").decode(errors="replace")
    if not is_line_id(line):
        raise Rejected(DeadLetterReason.BAD_LINE_ID)
    try:
        headers = FrameHeaders.parse(record.headers)
    except ValueError as error:
        raise Rejected(DeadLetterReason.BAD_HEADER, _first_line(error)) from error
    return Envelope(record, generation, line, headers)


def make_job(envelope: Envelope, data: bytes, limits: ImageLimits, passage: Passage = Passage.THROUGH) -> Job:
    """Name the frame and hold its header against the limits; raises ``Rejected``."""
    try:
        pixels = inspect(data, limits).pixels
    except UnreadableImage as error:
        raise Rejected(error.reason, str(error)) from error
    return name_job(envelope, data, pixels, passage)


def name_job(
    envelope: Envelope,
    data: bytes,
    pixels: int,
    passage: Passage,
    unseen: FaultReason = FaultReason.BREAKER_OPEN,
) -> Job:
    """Name the frame, whatever its bytes are."""
    digest = sha256_hex(data)
    record, headers = envelope.record, envelope.headers
    frame_id = headers.frame_id or default_frame_id(record.partition, record.offset, digest)
    # The bytes live once: the record's own reference to them would keep a second copy of a stored frame.
    bare = replace(envelope, record=replace(record, value=None))
    return Job(
        bare, frame_id, frame_uid(envelope.line, frame_id, digest), digest, data, pixels, passage, unseen
    )


def _first_line(error: ValueError) -> str:
    return " ".join(str(error).split())[:300]
