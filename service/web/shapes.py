"""What the API answers: its own shapes beside the messages, closed to what they do not say."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.activation import Thresholds
from schemas.ids import LineId, ModelName, Version
from schemas.message import Moment
from schemas.reasons import Gate
from schemas.verdict import Verdict

CommandStatus = Literal["pending", "done", "refused"]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class CommandState(_Shape):
    """What became of a command. ``epoch`` and ``version`` are what it put in force, when it did;
    ``share_done`` is how far a pending one says that it is."""

    command_id: UUID
    line: LineId
    status: CommandStatus
    sentence: str = ""
    epoch: int | None = None
    version: Version | None = None
    share_done: float | None = None
    gate: Gate | None = None
    needs_second_person: bool | None = None


class VerdictItem(Verdict):
    """An effective verdict, and the newest approval that names its frame."""

    approval: CommandState | None = None


class VerdictPage(_Shape):
    """Verdicts, newest first. ``next_cursor`` goes on with older ones; None at the end."""

    verdicts: tuple[VerdictItem, ...]
    next_cursor: str | None = None


class BankFacts(_Shape):
    """The bank in force."""

    vectors: int
    parts: int
    size_bytes: int
    radius: float
    published_at: Moment


class LineSummary(_Shape):
    """A line now. ``counts`` are of the verdicts that the page remembers; ``flagged_share`` is the part
    of the judged ones that are review or defect, None before the first."""

    line: LineId
    epoch: int = 0
    model: ModelName | None = None
    version: Version | None = None
    bank: BankFacts | None = None
    thresholds: Thresholds | None = None
    activated_at: Moment | None = None
    counts: dict[str, int]
    flagged_share: float | None = None
    frames_per_minute: int = 0
    dead_letters: int = 0
    last: Verdict | None = None


class ApprovalRequest(BaseModel):
    """Parts that are good, each by its frame id or its frame_uid."""

    model_config = ConfigDict(extra="forbid")

    frames: list[str] = Field(min_length=1, max_length=1000)
    why: str = Field(default="", max_length=1000)
    audit: bool = Field(
        default=False, description="the frames were drawn at random from all that the line saw"
    )


class Accepted(_Shape):
    """A command is in the log. It is done once the line's epoch has grown past ``epoch_before``."""

    command_id: UUID
    epoch_before: int
