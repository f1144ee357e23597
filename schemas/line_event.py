"""What is told about a line: the result of each command, progress, trouble."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from schemas.command import FrameRef
from schemas.ids import LineId, ModelName, Version
from schemas.maintenance import MaintenanceWindow
from schemas.message import Message, Moment
from schemas.reasons import CommandKind, Gate, LineEventKind, VerdictKind
from schemas.shadow import ShadowReport


class LineEvent(Message):
    """One record of ``line-events``. A command's result names the command, so that a redelivered one
    is known to be finished."""

    schema_version: Literal[1] = 1
    kind: LineEventKind
    line: LineId
    sentence: str
    command_id: UUID | None = None
    command_kind: CommandKind | None = None
    actor: str | None = None
    model: ModelName | None = None
    version: Version | None = None
    epoch: int | None = None
    parts_added: int | None = Field(default=None, ge=0)
    vectors: int | None = Field(default=None, ge=0)
    share_done: float | None = Field(default=None, ge=0, le=1)
    seconds_left: float | None = Field(
        default=None, ge=0, description="until the step that `share_done` is of is done, about"
    )
    seconds: float | None = Field(default=None, ge=0)
    gate: Gate | None = Field(default=None, description="the gate that refused a bank")
    needs_second_person: bool | None = Field(
        default=None, description="true when the same approval by another person is carried out"
    )
    frames: tuple[FrameRef, ...] | None = Field(
        default=None, description="the canary that was made or retired, or the frames that a gate refused for"
    )
    known_misses: tuple[UUID, ...] | None = Field(
        default=None, description="canaries, by frame_uid, that the bank before missed already"
    )
    radius_before: float | None = Field(default=None, ge=0, description="when all was selected again")
    radius_after: float | None = Field(default=None, ge=0)
    median_before: float | None = Field(default=None, description="of the scores when drift was told")
    median_now: float | None = None
    camera: str | None = Field(default=None, description="the camera that a `camera` event speaks of")
    camera_fault: bool | None = Field(default=None, description="true while it gives no pictures")
    breaker_open: bool | None = Field(default=None, description="true when the line's breaker opened")
    until: Moment | None = Field(default=None, description="the end of a snooze; one that is past ends it")
    alert_id: UUID | None = Field(default=None, description="the first alert of the group that was closed")
    shadow: ShadowReport | None = Field(
        default=None, description="what would change on stored frames, where the rebuilder demands a shadow"
    )
    maintenance: MaintenanceWindow | None = Field(
        default=None, description="what the line's maintenance is from now on; the last word counts"
    )
    expired_before: dict[VerdictKind, Moment] | None = Field(
        default=None,
        description="what has this verdict and is from before this moment may be gone",
    )
    at: Moment
