"""Commands: what a person asks of a line. The page's API resolves frames before it writes one."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from schemas.ids import FrameId, LineId, ModelName, Version
from schemas.message import Message, Moment


class FrameRef(Message):
    """A frame that a command speaks of, and the model that judged it (absent when none did)."""

    frame_uid: UUID
    frame_id: FrameId
    frame_sha256: Version
    model: ModelName | None = None
    part_id: str | None = None


class _Command(Message):
    schema_version: Literal[1] = 1
    command_id: UUID
    line: LineId
    actor: str = Field(min_length=1, max_length=128)
    why: str = Field(default="", max_length=1000)
    issued_at: Moment
    undoes: UUID | None = Field(default=None, description="the command that this one takes back")


class ApproveGood(_Command):
    """These parts are good: they join the bank of the model that judged them. What a gate found suspicious
    is carried out when another person approves it too."""

    kind: Literal["ApproveGood"] = "ApproveGood"
    frames: tuple[FrameRef, ...] = Field(min_length=1, max_length=1000)
    audit: bool = Field(
        default=False,
        description="the frames were drawn at random from all that the line saw, whatever their verdict: "
        "only then do their scores join the calibration",
    )


class ConfirmDefect(_Command):
    """This part is defective: it becomes a canary."""

    kind: Literal["ConfirmDefect"] = "ConfirmDefect"
    frame: FrameRef


class MarkUnsure(_Command):
    """Somebody looked at this part and could not say: it leaves the queue, and teaches nothing.
    ``withdrawn`` takes that back."""

    kind: Literal["MarkUnsure"] = "MarkUnsure"
    frame: FrameRef
    withdrawn: bool = False


class RetireCanary(_Command):
    """This canary need not alarm any longer."""

    kind: Literal["RetireCanary"] = "RetireCanary"
    frame_uid: UUID


class RemovePart(_Command):
    """Build the bank again without this part."""

    kind: Literal["RemovePart"] = "RemovePart"
    model: ModelName
    part: Version


class Rebuild(_Command):
    """Select the bank again from all its parts."""

    kind: Literal["Rebuild"] = "Rebuild"
    model: ModelName | None = None


class Activate(_Command):
    """Put a published version in force."""

    kind: Literal["Activate"] = "Activate"
    model: ModelName
    version: Version | None = None
    alpha: float | None = Field(default=None, gt=0, lt=1, description="the wished rate; kept when absent")
    review_alpha: float | None = Field(default=None, gt=0, lt=1, description="absent: five times alpha")


class Rollback(_Command):
    """Put the version of an earlier epoch in force again, as a new epoch."""

    kind: Literal["Rollback"] = "Rollback"
    to_epoch: int | None = Field(default=None, ge=1)
    based_on_epoch: int | None = Field(
        default=None, ge=1, description="refused when another epoch is in force by then"
    )


class SetFalseAlarmRate(_Command):
    """Change the wished rates; based on an epoch, so that a stale one can be refused."""

    kind: Literal["SetFalseAlarmRate"] = "SetFalseAlarmRate"
    alpha: float = Field(gt=0, lt=1)
    review_alpha: float = Field(gt=0, lt=1)
    based_on_epoch: int = Field(ge=1)


class SetMaintenance(_Command):
    """From ``start`` on and before ``end`` the line's frames are faults with reason maintenance; ``off``:
    they are judged again, whatever was asked before. Only what is ``off`` may have no end."""

    kind: Literal["SetMaintenance"] = "SetMaintenance"
    start: Moment
    end: Moment | None = None
    off: bool = False


class PictureRef(Message):
    """A picture that was uploaded to a line, under the name that people know it by."""

    sha256: Version
    name: str = Field(default="", max_length=256)


class TrainLine(_Command):
    """Make a bank of these pictures of good parts and publish it. It is not in force until an ``Activate``
    names its version."""

    kind: Literal["TrainLine"] = "TrainLine"
    model: ModelName
    pictures: tuple[PictureRef, ...] = Field(default=(), max_length=1000)
    frames: tuple[FrameRef, ...] = Field(
        default=(), max_length=1000, description="frames that the line has stored, such as those of no-bank"
    )
    recipe: str | None = Field(default=None, max_length=32, description="the default recipe when absent")
    alpha: float = Field(default=0.01, gt=0, lt=1, description="the rate that the report is made for")


AnyCommand = (
    ApproveGood
    | ConfirmDefect
    | MarkUnsure
    | RetireCanary
    | RemovePart
    | Rebuild
    | Activate
    | Rollback
    | SetFalseAlarmRate
    | SetMaintenance
    | TrainLine
)
Command = Annotated[AnyCommand, Field(discriminator="kind")]
COMMAND: TypeAdapter[AnyCommand] = TypeAdapter(Command)
