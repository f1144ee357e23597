"""What a camera's message says beside its bytes: optional headers, of which all may be absent."""

from typing import Self

from pydantic import Field, field_validator

from schemas.ids import FrameId
from schemas.message import Message, Moment

Headers = tuple[tuple[str, bytes], ...]

FRAME_HEADERS = (
    "frame-id",
    "captured-at",
    "camera",
    "part-id",
    "frame-ref",
    "frame-sha256",
    "replay-of",
)


class FrameHeaders(Message):
    """The headers of a frame. ``frame_ref`` is ``alias/key`` of bytes already in the object store."""

    frame_id: FrameId | None = None
    captured_at: Moment | None = None
    camera: str | None = Field(default=None, max_length=128)
    part_id: str | None = Field(default=None, max_length=128)
    frame_ref: str | None = Field(default=None, max_length=512)
    frame_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    replay_of: str | None = Field(default=None, max_length=256)

    @field_validator("frame_ref")
    @classmethod
    def _names_an_object(cls, reference: str | None) -> str | None:
        steps = (reference or "alias/key").split("/")
        if len(steps) < 2 or any(step in ("", ".", "..") for step in steps):
            raise ValueError(f"frame-ref {reference!r} names no object in a store: write it as alias/key")
        return reference

    @classmethod
    def parse(cls, headers: Headers) -> Self:
        """The known headers of a message, the last of each name; CloudEvents' ``ce_time`` stands in for
        ``captured-at``. Raises ``ValueError`` when one breaks its rule or is no UTF-8."""
        raw = {name: value.decode() for name, value in headers if name in FRAME_HEADERS or name == "ce_time"}
        moment = raw.pop("ce_time", None)
        if moment is not None:
            raw.setdefault("captured-at", moment)
        return cls.model_validate({name.replace("-", "_"): value for name, value in raw.items()})

    def to_headers(self) -> Headers:
        """The headers to send, those absent left out."""
        values = self.model_dump(mode="json", exclude_none=True)
        return tuple((name.replace("_", "-"), str(value).encode()) for name, value in values.items())
