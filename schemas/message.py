"""What all messages share: frozen, closed to unknown fields when written, open to new ones when read."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict


def _require_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("the time has no zone: write it as UTC, such as 2026-01-31T12:00:00Z")
    return moment


Moment = Annotated[datetime, AfterValidator(_require_zone)]


class Message(BaseModel):
    """A value on a topic. Readers ignore fields they do not know, so that schemas can grow."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")

    def to_bytes(self) -> bytes:
        """The message as JSON; equal messages give equal bytes. Absent fields are left out."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The message in the bytes; raises ``pydantic.ValidationError`` (a ``ValueError``) otherwise."""
        return cls.model_validate_json(data)
