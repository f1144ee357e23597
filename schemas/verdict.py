"""The verdict: what became of one frame, published for every frame."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from schemas.ids import FrameId, LineId, ModelName, Version
from schemas.message import Message, Moment
from schemas.reasons import FaultReason, VerdictKind


class Neighbour(Message):
    """A vector of the bank that a patch lies near to: its place in the bank's file, the part that it came
    from, and how far it is."""

    part: Version
    vector: int = Field(ge=0)
    distance: float = Field(ge=0)


class Region(Message):
    """A box in pixels of the frame, with the largest patch score inside it."""

    x: int = Field(ge=0)
    y: int = Field(ge=0)
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    score: float
    nearest: tuple[Neighbour, ...] | None = Field(
        default=None,
        description="of the worst patch, in the worst region only: the nearest vectors, each of another part",
    )


class Source(Message):
    """Where the frame lay: the verdict's own place in the ledger."""

    partition: int = Field(ge=0)
    offset: int = Field(ge=0)
    timestamp_ms: int


class Verdict(Message):
    """One frame's outcome. ``score``, ``p_value`` and the thresholds are there when the frame was scored."""

    schema_version: Literal[1] = 1
    frame_uid: UUID
    line: LineId
    frame_id: FrameId
    frame_sha256: Version
    part_id: str | None = None
    camera: str | None = None
    captured_at: Moment | None = None
    replay_of: str | None = None
    verdict: VerdictKind
    reason: FaultReason | None = None
    score: float | None = None
    p_value: float | None = None
    alpha: float | None = Field(default=None, description="the false-alarm rate that the line can promise")
    threshold: float | None = Field(default=None, description="a score above it is a defect")
    review_threshold: float | None = Field(default=None, description="a score above it is reviewed")
    model: ModelName | None = None
    bank_version: Version | None = None
    epoch: int | None = None
    regions: tuple[Region, ...] = ()
    width: int | None = None
    height: int | None = None
    frame_url: str | None = None
    heatmap_url: str | None = None
    late: bool = False
    source: Source
    inspected_at: Moment

    @property
    def alarming(self) -> bool:
        """Whether the verdict has an alert."""
        return self.verdict in (VerdictKind.DEFECT, VerdictKind.REVIEW)
