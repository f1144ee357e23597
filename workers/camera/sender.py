"""One image becomes one frame on the stream: for the folder camera, ``patchline send`` and the demo."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import uuid5

from schemas.cloudevents import cloudevent_headers
from schemas.frame import FrameHeaders, Headers
from schemas.ids import NAMESPACE, is_line_id, sha256_hex
from schemas.topics import TopicKind
from service.images.probe import format_of
from service.images.unreadable import UnreadableImage
from service.settings import Settings
from service.store import ObjectStore
from service.store.keys import STORE_ALIAS, outsourced_key
from service.stream.base import Placed, Producer
from service.telemetry.tracing import begun, span


@dataclass(frozen=True, slots=True)
class Outsourcing:
    """Where the bytes of a frame go that is too large for a message."""

    store: ObjectStore
    max_inline_bytes: int

    @classmethod
    def of(cls, settings: Settings, store: ObjectStore) -> Self:
        """As broker and inspector are set: what either would not take goes by reference."""
        limit = min(settings.kafka.max_message_bytes, settings.inspector.max_inline_bytes)
        return cls(store, limit)

    async def reference(self, line: str, data: bytes) -> str | None:
        """Store the bytes and answer their reference; None for what fits. Raises ``StoreError``."""
        if len(data) <= self.max_inline_bytes:
            return None
        key = outsourced_key(line, sha256_hex(data))
        await self.store.put(key, data)
        return f"{STORE_ALIAS}/{key}"


class FrameSender:
    """Sends frames to one topic; any number of sends may be under way. The producer stays the caller's."""

    def __init__(self, producer: Producer, topic: str, outsourcing: Outsourcing | None = None) -> None:
        """Without ``outsourcing`` every frame goes in its message, whatever its size."""
        self._producer = producer
        self._topic = topic
        self._outsourcing = outsourcing

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
        for an id that breaks its rule, ``DeliveryError`` past the deadline, ``StreamError``, and
        ``StoreError`` where the frame is too large for a message."""
        if not is_line_id(line):
            raise ValueError(f"line {line!r} is refused: a line id is [a-z0-9][a-z0-9-]{{0,62}}")
        reference = None if self._outsourcing is None else await self._outsourcing.reference(line, data)
        headers = FrameHeaders(
            frame_id=frame_id,
            captured_at=captured_at,
            camera=camera,
            part_id=part_id,
            frame_ref=reference,
            frame_sha256=None if reference is None else sha256_hex(data),
        )
        with span("send a frame"):
            return await self._producer.send(
                self._topic,
                key=line.encode(),
                value=data if reference is None else b"",
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
