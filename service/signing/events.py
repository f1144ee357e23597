"""Line events as they are written and heard: what has power is signed by the program that may tell it."""

import structlog

from schemas.cloudevents import cloudevent_headers
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from schemas.topics import TopicKind
from service.signing.refusal import SignatureRefused
from service.signing.signer import Signer
from service.signing.statement import KeyUse
from service.signing.trust import Trust
from service.stream.base import Producer, Record
from service.telemetry import metrics

_BY_PAGE = (LineEventKind.SNOOZED, LineEventKind.ALERT_CLOSED)
_log = structlog.get_logger()


def teller_of(event: LineEvent) -> KeyUse | None:
    """Whose word the event is, None for anybody's. A rebuilder alone ends commands, makes canaries and begins
    maintenance; the page alone silences alerts; retention alone excuses what is gone. What inspectors and
    cameras tell (drift, breakers, faults) has no such power, and they hold no private key."""
    if event.command_id is not None:
        return KeyUse.BANKS
    if event.kind is LineEventKind.RETENTION or event.expired_before is not None:
        return KeyUse.RETENTION
    return KeyUse.COMMANDS if event.kind in _BY_PAGE else None


async def send_event(
    producer: Producer, topic: str, event: LineEvent, event_id: str, signer: Signer | None = None
) -> None:
    """Write an event to its line, signed where there is a key, and wait for its acknowledgement. ``event_id``
    is that of CloudEvents. Raises as ``Producer.send``."""
    value = event.to_bytes()
    headers = cloudevent_headers(TopicKind.LINE_EVENTS.value, event_id, event.line, event.at)
    signed = () if signer is None else signer.event(event.line, value)
    await producer.send(topic, key=event.line.encode(), value=value, headers=(*headers, *signed))


def heard(record: Record, trust: Trust) -> LineEvent | None:
    """The event in a record. None for one with power that nobody wrote who may. Raises ``ValueError`` for
    what is no event."""
    event = LineEvent.from_bytes(record.value or b"")
    teller = teller_of(event)
    if teller is None:
        return event
    try:
        # The line is the one inside: it is what counts, and the key beside it is anybody's.
        trust.check_event(teller, event.line, record.value or b"", record.headers)
    except SignatureRefused as refused:
        topic = TopicKind.LINE_EVENTS.value
        metrics.UNTRUSTED.labels(topic=topic, fault=refused.fault.value).inc()
        _log.warning("untrusted record passed over", topic=topic, offset=record.offset, cause=str(refused))
        return None
    return event


def heard_if_any(record: Record, trust: Trust) -> LineEvent | None:
    """As ``heard``; what is no event is logged and passed over, too."""
    try:
        return heard(record, trust)
    except ValueError:
        _log.info("line event passed over", offset=record.offset)
        return None
