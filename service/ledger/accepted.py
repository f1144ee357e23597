"""An accepted frame, named from its message alone, as the inspector names it."""

from typing import NamedTuple

from schemas.frame import FrameHeaders
from schemas.ids import default_frame_id, frame_uid, is_line_id, sha256_hex
from service.stream.base import Record


class FrameRow(NamedTuple):
    """A row of the book. ``value_sha256`` is of the message's value, ``sha256`` of the frame's bytes. The
    ids are None where the message can only become a dead letter."""

    partition: int
    source: int
    value_sha256: bytes
    line: str | None = None
    frame_id: str | None = None
    sha256: bytes | None = None
    uid: bytes | None = None


def frame_row(record: Record) -> FrameRow:
    """The frame of a message. Blocks for the hashing."""
    value_sha256 = sha256_hex(record.value or b"")
    bare = FrameRow(record.partition, record.offset, bytes.fromhex(value_sha256))
    line, headers = (record.key or b"").decode(errors="replace"), _headers(record)
    if headers is None or not is_line_id(line):
        return bare
    sha256 = value_sha256 if record.value else _referenced(headers)
    if sha256 is None:
        return bare
    frame_id = headers.frame_id or default_frame_id(record.partition, record.offset, sha256)
    uid = frame_uid(line, frame_id, sha256)
    return bare._replace(line=line, frame_id=frame_id, sha256=bytes.fromhex(sha256), uid=uid.bytes)


def _headers(record: Record) -> FrameHeaders | None:
    try:
        return FrameHeaders.parse(record.headers)
    except ValueError:
        return None


def _referenced(headers: FrameHeaders) -> str | None:
    return headers.frame_sha256 if headers.frame_ref is not None else None
