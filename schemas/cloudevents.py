"""CloudEvents 1.0 in Kafka's binary mode: the attributes as ``ce_`` headers beside the value.

Source: CloudEvents Kafka Protocol Binding 1.0.2, section 3.2.
"""

from datetime import datetime

from schemas.frame import Headers

EVENT_TYPES = {
    "verdicts": "patchline.verdict.v1",
    "alerts": "patchline.alert.v1",
    "commands": "patchline.command.v1",
    "line-events": "patchline.line-event.v1",
    "banks": "patchline.bank.v1",
    "dead-letters": "patchline.dead-letter.v1",
    "frames": "patchline.frame.v1",
}


def cloudevent_headers(
    topic: str, event_id: str, line: str, moment: datetime, *, content_type: str = "application/json"
) -> Headers:
    """The headers of an event about a line. ``topic`` is the kind of topic, without its prefix; equal
    arguments give equal headers."""
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": f"/patchline/lines/{line}",
        "ce_type": EVENT_TYPES[topic],
        "ce_subject": line,
        "ce_time": moment.isoformat(),
        "content-type": content_type,
    }
    return tuple((name, value.encode()) for name, value in attributes.items())
