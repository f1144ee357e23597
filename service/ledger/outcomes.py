"""What became of frames: verdicts, alerts and dead letters as rows of the book."""

from hashlib import sha256
from typing import NamedTuple

from schemas.alert import Alert
from schemas.dead_letter import DeadLetter
from schemas.ids import alert_id
from schemas.verdict import Verdict
from service.stream.base import Record
from service.web_urls import heatmap_url


class VerdictRow(NamedTuple):
    """A verdict, by the frame it speaks of and its own place. ``alert_digest`` is of the alert it demands;
    ``drawn`` says that it names a heatmap, and ``astray`` that the name is not its heatmap's."""

    partition: int
    source: int
    own_partition: int
    own_offset: int
    kind: str
    line: str
    frame_id: str
    sha256: bytes
    uid: bytes
    epoch: int | None
    version: str | None
    alert_id: bytes
    alert_digest: bytes | None
    drawn: bool
    astray: bool
    inspected_ms: float


class LetterRow(NamedTuple):
    """A dead letter. ``whole`` says that its bytes are those that its header names."""

    partition: int
    source: int
    own_partition: int
    own_offset: int
    sha256: bytes
    whole: bool


class AlertRow(NamedTuple):
    """An alert, by its id and the digest of its bytes."""

    alert_id: bytes
    digest: bytes
    own_partition: int
    own_offset: int
    timestamp_ms: int
    inspected_ms: float


def verdict_row(record: Record) -> VerdictRow:
    """Raises ``ValueError`` for a value that is no verdict."""
    verdict = Verdict.from_bytes(record.value or b"")
    return VerdictRow(
        verdict.source.partition,
        verdict.source.offset,
        record.partition,
        record.offset,
        verdict.verdict.value,
        verdict.line,
        verdict.frame_id,
        bytes.fromhex(verdict.frame_sha256),
        verdict.frame_uid.bytes,
        verdict.epoch,
        verdict.bank_version,
        alert_id(verdict.frame_uid).bytes,
        _demanded(verdict),
        verdict.heatmap_url is not None,
        _astray(verdict),
        verdict.inspected_at.timestamp() * 1000,
    )


def letter_row(record: Record, frames_topic: str) -> LetterRow | None:
    """None for a letter about another topic; raises ``ValueError`` for headers that tell of no letter."""
    letter = DeadLetter.from_headers(record.headers)
    if letter.source_topic != frames_topic:
        return None
    digest = sha256(record.value or b"").digest()
    named = bytes.fromhex(letter.sha256)
    whole = letter.original_ref is not None or digest == named
    source = letter.source_partition, letter.source_offset
    return LetterRow(*source, record.partition, record.offset, named, whole)


def alert_row(record: Record) -> AlertRow:
    """Raises ``ValueError`` for a value that is no alert."""
    value = record.value or b""
    alert = Alert.from_bytes(value)
    inspected_ms = alert.inspected_at.timestamp() * 1000
    place = record.partition, record.offset, record.timestamp_ms
    return AlertRow(alert.alert_id.bytes, sha256(value).digest(), *place, inspected_ms)


def _demanded(verdict: Verdict) -> bytes | None:
    # An alarming verdict of which no alert can be made is one whose alert is missing.
    try:
        return sha256(Alert.of(verdict).to_bytes()).digest() if verdict.alarming else None
    except ValueError:
        return None


def _astray(verdict: Verdict) -> bool:
    url, version = verdict.heatmap_url, verdict.bank_version
    if url is None:
        return False
    own = version and heatmap_url("", verdict.line, verdict.frame_uid, version)
    return not own or not url.endswith(own)
