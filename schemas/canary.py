"""The canary: a confirmed defect that is kept aside; one that alarmed must go on alarming."""

from typing import Literal
from uuid import UUID

from schemas.command import FrameRef
from schemas.ids import LineId, ModelName, Version
from schemas.message import Message, Moment
from schemas.reasons import VerdictKind
from schemas.verdict import Region


class Canary(Message):
    """What is written beside a canary's frame: how the bank in force judged it when it was confirmed, and who
    confirmed it. ``regions`` are in pixels of the frame, above the threshold of the verdict; an ``ok`` has
    none."""

    schema_version: Literal[1] = 1
    line: LineId
    model: ModelName
    frame: FrameRef
    bank_version: Version
    epoch: int
    score: float
    threshold: float
    verdict: VerdictKind
    regions: tuple[Region, ...] = ()
    command_id: UUID
    actor: str
    why: str = ""
    confirmed_at: Moment
