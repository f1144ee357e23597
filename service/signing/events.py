"""Line events as their readers hear them: what tells of a command has power, and is signed by a rebuilder."""

import structlog

from schemas.line_event import LineEvent
from schemas.topics import TopicKind
from service.signing.refusal import SignatureRefused
from service.signing.trust import Trust
from service.stream.base import Record
from service.telemetry import metrics

_log = structlog.get_logger()


def heard(record: Record, trust: Trust) -> LineEvent | None:
    """The event in a record. None for one that tells of a command and that no trusted rebuilder signed: it
    can end no command, make no canary and begin no maintenance. What inspectors tell (drift, breakers) has
    no such power, and is unsigned, since they hold no private key. Raises ``ValueError`` for what is no
    event."""
    event = LineEvent.from_bytes(record.value or b"")
    if event.command_id is None:
        return event
    try:
        # The line is the one inside: it is what counts, and the key beside it is anybody's.
        trust.check_event(event.line, record.value or b"", record.headers)
    except SignatureRefused as refused:
        topic = TopicKind.LINE_EVENTS.value
        metrics.UNTRUSTED.labels(topic=topic, fault=refused.fault.value).inc()
        _log.warning("untrusted record passed over", topic=topic, offset=record.offset, cause=str(refused))
        return None
    return event
