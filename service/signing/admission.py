"""Records at the door: those that nobody who is trusted wrote are counted, logged and left there."""

from collections.abc import Iterable, Iterator

import structlog

from service.signing.refusal import SignatureRefused
from service.signing.statement import KeyUse
from service.signing.trust import Trust
from service.stream.base import Record
from service.telemetry import metrics

_log = structlog.get_logger()


def refusal_of(record: Record, use: KeyUse, trust: Trust) -> SignatureRefused | None:
    """Why a record is not trusted, None for one that is. Its line is its key; its value is not parsed."""
    try:
        line = (record.key or b"").decode(errors="replace")
        trust.check_record(use, line, record.value or b"", record.headers)
    except SignatureRefused as refused:
        metrics.UNTRUSTED.labels(topic=use.value, fault=refused.fault.value).inc()
        _log.warning(
            "untrusted record passed over", topic=use.value, offset=record.offset, cause=str(refused)
        )
        return refused
    return None


def trusted(records: Iterable[Record], use: KeyUse, trust: Trust) -> Iterator[Record]:
    """The records that are trusted."""
    return (record for record in records if refusal_of(record, use, trust) is None)
