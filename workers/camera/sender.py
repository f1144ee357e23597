"""One image becomes one frame on the stream: for the folder camera, ``patchline send`` and the demo."""

from datetime import UTC, datetime
from uuid import uuid5

from schemas.cloudevents import cloudevent_headers
from schemas.frame import FrameHeaders, Headers
from schemas.ids import NAMESPACE, is_line_id
from schemas.topics import TopicKind
from service.images.probe import format_of
from service.images.unreadable import UnreadableImage
from service.stream.base import Placed, Producer
from service.telemetry.tracing import begun, span


class FrameSender:
    """Sends frames to one topic; any number of sends may be under way. The producer stays the caller's."""

    def __init__(self, producer: Producer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    async def send(
        self,
        line: str,
        data: bytes,
        *,
        frame_id: str | None = None,
        captured_at: datetime | None = None,
        camera: str | None = None,
        part_id: str | None = None,
    ) -> Placed:
        """Send bytes as they are, readable or not, and wait for the acknowledgement. Raises ``ValueError``
        for an id that breaks its rule, ``DeliveryError`` past the deadline, and ``StreamError``."""
        if not is_line_id(line):
            raise ValueError(f"line {line!r} is refused: a line id is [a-z0-9][a-z0-9-]{{0,62}}")
        headers = FrameHeaders(frame_id=frame_id, captured_at=captured_at, camera=camera, part_id=part_id)
        with span("send a frame"):
            return await self._producer.send(
                self._topic,
                key=line.encode(),
                value=data,
                headers=headers.to_headers() + _event(line, data, frame_id, captured_at) + begun(),
            )


def _event(line: str, data: bytes, frame_id: str | None, captured_at: datetime | None) -> Headers:
    """CloudEvents' attributes. Their id must not repeat for another event of the line, so that of a frame
    without its own is made of the moment."""
    moment = captured_at or datetime.now(UTC)
    event_id = frame_id or str(uuid5(NAMESPACE, f"{line}/{moment.isoformat()}"))
    return cloudevent_headers(
        TopicKind.FRAMES.value, event_id, line, moment, content_type=_content_type(data)
    )


def _content_type(data: bytes) -> str:
    try:
        return f"image/{format_of(data).__name__.rpartition('.')[2]}"
    except UnreadableImage:
        return "application/octet-stream"
