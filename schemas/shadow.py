"""What a bank would have said of stored frames before it was put in force."""

from uuid import UUID

from pydantic import Field

from schemas.ids import FrameId
from schemas.message import Message
from schemas.reasons import VerdictKind


class Flip(Message):
    """A stored frame on which the two banks differ, both now and on one machine."""

    frame_uid: UUID
    frame_id: FrameId
    before: VerdictKind
    after: VerdictKind


class ShadowReport(Message):
    """``frames`` were judged by both banks, ``flips`` of them otherwise: ``flipped`` are the newest."""

    frames: int = Field(ge=0)
    flips: int = Field(ge=0)
    flipped: tuple[Flip, ...] = ()
