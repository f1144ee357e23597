"""The dead letter: the original bytes as the message's value, everything else in its headers."""

from typing import Self

from pydantic import Field

from schemas.frame import Headers
from schemas.message import Message, Moment
from schemas.reasons import DeadLetterReason

PREFIX = "patchline-"


class DeadLetter(Message):
    """Why and whence bytes were set aside. ``original_ref`` names them in the object store when they are
    past the inline limit."""

    reason: DeadLetterReason
    sentence: str
    source_topic: str
    source_partition: int = Field(ge=0)
    source_offset: int = Field(ge=0)
    source_timestamp_ms: int
    sha256: str
    attempt: int = Field(default=1, ge=1)
    original_ref: str | None = None
    set_aside_at: Moment

    def to_headers(self) -> Headers:
        """The headers, each named ``patchline-...``."""
        values = self.model_dump(mode="json", exclude_none=True)
        return tuple((PREFIX + name.replace("_", "-"), str(value).encode()) for name, value in values.items())

    @classmethod
    def from_headers(cls, headers: Headers) -> Self:
        """The dead letter that the headers tell of; raises ``ValueError`` when they tell of none."""
        own = {name.removeprefix(PREFIX): value for name, value in headers if name.startswith(PREFIX)}
        return cls.model_validate({name.replace("-", "_"): value.decode() for name, value in own.items()})
