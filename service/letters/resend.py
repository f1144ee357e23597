"""Frames sent again, as new frames that name where they came from."""

from collections.abc import AsyncIterator

from schemas.frame import FrameHeaders
from schemas.reasons import DeadLetterReason, VerdictKind
from schemas.verdict import Source, Verdict
from service.letters.letters import Letter, value_of
from service.letters.selection import Selection, every_record
from service.store import ObjectStore
from service.store.keys import STORE_ALIAS, frame_key
from service.stream.base import Broker, Producer


class CannotReplay(Exception):
    """The frame cannot be sent again; the sentence says why."""


async def faults(broker: Broker, topic: str, wanted: Selection) -> AsyncIterator[Verdict]:
    """The faults of a line that are meant, of effective verdicts, in the log's order, and not replayed yet as
    far as verdicts tell. Holds the line's faults in memory. Raises ``StreamError``."""
    first: dict[tuple[int, int], Verdict | None] = {}
    replayed: set[str] = set()
    async for record in every_record(broker, topic):
        verdict = _verdict(record.value)
        if verdict is None or verdict.line != wanted.line:
            continue
        replayed |= {verdict.replay_of} if verdict.replay_of else set()
        fault = verdict if verdict.verdict is VerdictKind.FAULT else None
        first.setdefault((verdict.source.partition, verdict.source.offset), fault)
    for fault in first.values():
        if fault is None or fault.reason is None or name_of(fault.source) in replayed:
            continue
        if wanted.wants(fault.line, fault.reason.value, fault.inspected_at):
            yield fault


def name_of(source: Source) -> str:
    """A frame's place, as ``replay-of`` names it."""
    return _named(source.partition, source.offset)


async def resend_fault(producer: Producer, store: ObjectStore, topic: str, fault: Verdict) -> None:
    """Send the frame of a fault again, by reference. Raises ``CannotReplay``, ``StreamError``."""
    key = frame_key(fault.line, fault.frame_uid)
    if not await store.exists(key):
        raise CannotReplay(f"frame {fault.frame_id} is no longer in the store")
    headers = FrameHeaders(
        frame_id=fault.frame_id,
        captured_at=fault.captured_at,
        camera=fault.camera,
        part_id=fault.part_id,
        frame_ref=f"{STORE_ALIAS}/{key}",
        frame_sha256=fault.frame_sha256,
        replay_of=name_of(fault.source),
    )
    await producer.send(topic, key=fault.line.encode(), value=b"", headers=headers.to_headers())


async def resend_letter(
    broker: Broker, producer: Producer, topics: tuple[str, str], letter: Letter, line: str | None = None
) -> None:
    """Send the message of a dead letter again; ``topics`` are those of letters and of frames, ``line``
    stands in for one that it lacks. Raises ``CannotReplay``, ``LookupError``, ``StreamError``."""
    told, key = letter.told, letter.line or line
    if key is None:
        raise CannotReplay(f"dead letter {letter.id} has no line: name one with --as-line")
    if told.reason is DeadLetterReason.DAMAGED:
        raise CannotReplay(f"the bytes of dead letter {letter.id} are not to be had")
    value = await value_of(broker, topics[0], letter)
    changes: dict[str, str] = {"replay_of": _named(told.source_partition, told.source_offset)}
    if told.original_ref is not None:
        changes |= {"frame_ref": told.original_ref, "frame_sha256": told.sha256}
    headers = letter.headers.model_copy(update=changes)
    if not value and headers.frame_ref is None:
        raise CannotReplay(f"dead letter {letter.id} has no bytes")
    await producer.send(topics[1], key=key.encode(), value=value, headers=headers.to_headers())


def _named(partition: int, offset: int) -> str:
    return f"frames/{partition}/{offset}"


def _verdict(value: bytes | None) -> Verdict | None:
    try:
        return Verdict.from_bytes(value or b"")
    except ValueError:
        return None  # A later program's: what it is about cannot be told.
