"""The alert: the event for other systems, a pure function of a defect's or a review's verdict."""

from typing import Literal, Self
from uuid import UUID

from schemas.ids import FrameId, LineId, ModelName, Version, alert_id
from schemas.message import Message, Moment
from schemas.reasons import VerdictKind
from schemas.verdict import Region, Verdict


class Alert(Message):
    """A part that a person or a machine should act on."""

    schema_version: Literal[1] = 1
    alert_id: UUID
    line: LineId
    model: ModelName
    frame_id: FrameId
    frame_uid: UUID
    part_id: str | None = None
    camera: str | None = None
    captured_at: Moment | None = None
    verdict: VerdictKind
    score: float
    p_value: float
    threshold: float
    bank_version: Version
    epoch: int
    regions: tuple[Region, ...]
    heatmap_url: str
    frame_url: str
    inspected_at: Moment

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        """The alert of a verdict: equal verdicts give equal bytes. Raises ``ValueError`` for a verdict
        that has none."""
        if not verdict.alarming:
            raise ValueError(f"frame {verdict.frame_uid} is {verdict.verdict.value}, which has no alert")
        fields = {name: getattr(verdict, name) for name in cls.model_fields if name != "alert_id"}
        return cls.model_validate({**fields, "alert_id": alert_id(verdict.frame_uid)})
