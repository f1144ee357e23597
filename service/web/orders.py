"""Orders: whatever else a person may ask of a line, as one request each, and the command it becomes."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.command import (
    Activate,
    AnyCommand,
    ConfirmDefect,
    MarkUnsure,
    Rebuild,
    RemovePart,
    RetireCanary,
    Rollback,
    SetFalseAlarmRate,
    SetMaintenance,
)
from schemas.ids import ModelName, Version
from schemas.message import Moment
from service.accounts.roles import Role
from service.web.command_log import CommandLog
from service.web.frame_names import FrameNames
from service.web.shapes import Accepted


class _Order(BaseModel):
    """``least`` is the role that may ask for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    least: ClassVar[Role] = Role.ENGINEER

    why: str = Field(default="", max_length=1000)


class DefectOrder(_Order):
    """This part is defective: keep it as a canary. ``frame`` is a frame id or a frame_uid."""

    least = Role.OPERATOR
    kind: Literal["ConfirmDefect"]
    frame: str


class UnsureOrder(_Order):
    """Somebody looked at this part and could not say. ``frame`` is a frame id or a frame_uid."""

    least = Role.OPERATOR
    kind: Literal["MarkUnsure"]
    frame: str


class RetireOrder(_Order):
    """This canary need not alarm any longer. A frame_uid works for ever, a frame id while the page knows
    it."""

    kind: Literal["RetireCanary"]
    frame: str


class RemoveOrder(_Order):
    """Build the bank again without a part."""

    kind: Literal["RemovePart"]
    model: ModelName
    part: Version


class RebuildOrder(_Order):
    """Select the bank again from all its parts."""

    kind: Literal["Rebuild"]
    model: ModelName | None = None


class ActivateOrder(_Order):
    """Put a published version in force; the model's newest without one."""

    kind: Literal["Activate"]
    model: ModelName
    version: Version | None = None
    alpha: float | None = Field(default=None, gt=0, lt=1)
    review_alpha: float | None = Field(default=None, gt=0, lt=1)


class RollbackOrder(_Order):
    """Put an earlier epoch's version in force again."""

    kind: Literal["Rollback"]
    to_epoch: int | None = Field(default=None, ge=1)
    based_on_epoch: int | None = Field(default=None, ge=1)


class RateOrder(_Order):
    """Change the rates, as they were chosen for an epoch."""

    kind: Literal["SetFalseAlarmRate"]
    alpha: float = Field(gt=0, lt=1)
    review_alpha: float = Field(gt=0, lt=1)
    based_on_epoch: int = Field(ge=1)


class MaintenanceOrder(_Order):
    """Judge no part of the line from ``start`` (without one: now) until ``end``; with ``off`` judge them
    again, without ``end`` for good. The last word on a moment counts."""

    kind: Literal["SetMaintenance"]
    start: Moment | None = None
    end: Moment | None = None
    off: bool = False


AnyOrder = (
    DefectOrder
    | UnsureOrder
    | RetireOrder
    | RemoveOrder
    | RebuildOrder
    | ActivateOrder
    | RollbackOrder
    | RateOrder
    | MaintenanceOrder
)
Order = Annotated[AnyOrder, Field(discriminator="kind")]
_PLAIN: dict[str, type[RemovePart | Rebuild | Activate | Rollback | SetFalseAlarmRate]] = {
    "RemovePart": RemovePart,
    "Rebuild": Rebuild,
    "Activate": Activate,
    "Rollback": Rollback,
    "SetFalseAlarmRate": SetFalseAlarmRate,
}


class Orders:
    """Writes commands for orders. What the rebuilder knows better, it refuses, with a record."""

    def __init__(self, names: FrameNames, log: CommandLog) -> None:
        self._names, self._log = names, log

    async def give(self, line: str, order: AnyOrder, actor: str) -> Accepted:
        """Ask it of the line, in a person's name. Raises ``Problem``: as ``FrameNames.usable`` where a frame
        is named, and 503 when the broker does not acknowledge."""
        return await self._log.write(await self._command(line, order, actor))

    async def _command(self, line: str, order: AnyOrder, actor: str) -> AnyCommand:
        stamp = self._log.stamp(line, order.why, actor)
        if isinstance(order, DefectOrder):
            (frame,) = await self._names.usable(line, [order.frame])
            return ConfirmDefect(frame=frame, **stamp)
        if isinstance(order, UnsureOrder):
            (frame,) = await self._names.known(line, [order.frame])
            return MarkUnsure(frame=frame, **stamp)
        if isinstance(order, RetireOrder):
            return RetireCanary(frame_uid=await self._uid(line, order.frame), **stamp)
        if isinstance(order, MaintenanceOrder):
            start = order.start or stamp["issued_at"]
            return SetMaintenance(start=start, end=order.end, off=order.off, **stamp)
        return _PLAIN[order.kind](**order.model_dump(exclude={"kind", "why"}), **stamp)

    async def _uid(self, line: str, name: str) -> UUID:
        """A canary outlives the page's memory of its frame."""
        try:
            return UUID(name)
        except ValueError:
            (frame,) = await self._names.known(line, [name])
            return frame.frame_uid
