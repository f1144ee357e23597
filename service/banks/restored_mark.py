"""The record that says: from here on, everything that this topic had forgotten is written again."""

from schemas.activation import Restored
from schemas.frame import Headers
from service.signing.refusal import SignatureRefused
from service.signing.statement import KeyUse
from service.signing.trust import UNCHECKED, Trust
from service.stream.base import Record

KIND_HEADER = "kind"
RESTORED = "restored"
RESTORED_HEADERS: Headers = ((KIND_HEADER, RESTORED.encode()),)
# A mark is no line's: its key is empty, and so is the line in its signature.
MARK_KEY = b""


def restored_from(record: Record, trust: Trust = UNCHECKED) -> int | None:
    """The offset from which on the topic is whole, as a mark says; None for a record that is none, and for
    one that nobody who is trusted wrote."""
    if dict(record.headers).get(KIND_HEADER) != RESTORED.encode():
        return None
    value = record.value or b""
    try:
        trust.check_record(KeyUse.BANKS, MARK_KEY.decode(), value, record.headers)
        return Restored.from_bytes(value).from_offset
    except (SignatureRefused, ValueError):
        return None  # a forged or later mark restores nothing that this program can rely on
