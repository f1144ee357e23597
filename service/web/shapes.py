"""What the API answers: its own shapes beside the messages, closed to what they do not say."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.activation import Activated, Published, Thresholds
from schemas.ids import LineId, ModelName, Version
from schemas.line_event import LineEvent
from schemas.message import Moment
from schemas.reasons import Gate, VerdictKind
from schemas.verdict import Verdict
from service.banks.manifest import PartEntry
from service.web.health import Health

CommandStatus = Literal["pending", "done", "refused"]
AnswerKind = Literal["good", "defect", "unsure"]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class CommandState(_Shape):
    """What became of a command. ``epoch`` and ``version`` are what it put in force, when it did;
    ``share_done`` is how far a pending one says that it is, ``seconds_left`` what its step still takes."""

    command_id: UUID
    line: LineId
    status: CommandStatus
    sentence: str = ""
    epoch: int | None = None
    version: Version | None = None
    share_done: float | None = None
    seconds_left: float | None = None
    gate: Gate | None = None
    needs_second_person: bool | None = None


class Answer(_Shape):
    """What a person said of a frame. One that was refused, or is taken back, does not stand: the frame waits
    for an answer again."""

    kind: AnswerKind
    actor: str
    why: str
    at: Moment
    standing: bool
    command: CommandState


class TakenPart(_Shape):
    """A part that somebody is answering, and who."""

    frame_uid: UUID
    name: str


class ClaimedParts(_Shape):
    """Of the parts that were asked for, those that are held now, and those that somebody else has."""

    held: tuple[UUID, ...]
    taken: tuple[TakenPart, ...]


class OthersClaims(_Shape):
    """The parts of a line that are being answered."""

    line: LineId
    claims: tuple[TakenPart, ...]


class VerdictItem(Verdict):
    """An effective verdict, the newest answer to its frame, and the newest approval that names it."""

    approval: CommandState | None = None
    answer: Answer | None = None


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


class LastHour(_Shape):
    """Sixty minutes, oldest first: how many parts were judged in each, and how many of them were defects.
    ``per_thousand`` is of the whole hour, None when nothing was judged."""

    judged: tuple[int, ...]
    defects: tuple[int, ...]
    per_thousand: float | None


class Trouble(_Shape):
    """What is wrong with a line, in a word of a closed set and a sentence."""

    kind: Health
    sentence: str


class LineSummary(_Shape):
    """A line now. ``counts`` are of the verdicts that the page remembers, ``open`` of those that wait for an
    answer; ``flagged_share`` is the part of the judged ones that are review or defect, None before the
    first. ``troubles`` has the gravest first, and is empty when all is well."""

    line: LineId
    epoch: int = 0
    model: ModelName | None = None
    version: Version | None = None
    bank: BankFacts | None = None
    thresholds: Thresholds | None = None
    activated_at: Moment | None = None
    counts: dict[str, int]
    open: dict[str, int] = {}
    last_hour: LastHour | None = None
    troubles: tuple[Trouble, ...] = ()
    snoozed_until: Moment | None = None
    alerts_open: int = 0
    flagged_share: float | None = None
    frames_per_minute: int = 0
    dead_letters: int = 0
    last: Verdict | None = None


class MaintenanceSpan(_Shape):
    """From ``start`` on and before ``end`` no part of the line is judged."""

    start: Moment
    end: Moment
    actor: str
    why: str


class Maintenance(_Shape):
    """When a line is not judged; ``now`` says whether that is so at this moment."""

    line: LineId
    now: bool
    windows: tuple[MaintenanceSpan, ...]


class CanaryItem(_Shape):
    """A confirmed defect that is kept aside. ``missed``: the newest bank that was built of its model does not
    alarm on it; ``epoch`` was in force when it was confirmed."""

    line: LineId
    model: ModelName | None
    frame_uid: UUID
    frame_id: str
    frame_sha256: Version
    epoch: int | None
    missed: bool
    sentence: str
    actor: str
    confirmed_at: Moment
    picture_url: str


class ApprovalRequest(BaseModel):
    """Parts that are good, each by its frame id or its frame_uid."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"frames": ["part-17"], "why": "a reflection"}]}
    )

    frames: list[str] = Field(min_length=1, max_length=1000)
    why: str = Field(default="", max_length=1000)
    audit: bool = Field(
        default=False, description="the frames were drawn at random from all that the line saw"
    )


class Accepted(_Shape):
    """A command is in the log. It is done once the line's epoch has grown past ``epoch_before``."""

    command_id: UUID
    epoch_before: int


class AcceptedAnswer(Accepted):
    """The command that an answer to one part became."""

    frame_uid: UUID


class Said(_Shape):
    """What somebody said of parts just now; ``answer`` is None when it was taken back."""

    line: LineId
    frames: tuple[UUID, ...]
    answer: AnswerKind | None
    name: str


class AlertGroupItem(_Shape):
    """Alerts of a line that came close together. ``held`` were not told since the last one that was."""

    group_id: UUID
    began_at: Moment
    last_at: Moment
    newest_frame: UUID
    defects: int
    reviews: int
    held: int
    closed_by: str | None = None
    closed_why: str | None = None
    closed_at: Moment | None = None


class SnoozeFacts(_Shape):
    """Until when a line is quiet, who said so and why."""

    until: Moment
    actor: str
    why: str


class LineAlerts(_Shape):
    """A line's alerts in groups, newest first, and the snooze that holds now."""

    line: LineId
    groups: tuple[AlertGroupItem, ...]
    snooze: SnoozeFacts | None = None


class Epoch(_Shape):
    """What is in force from one epoch on: the record, None when it cannot be read, the bank that it names,
    and the result of the command that made it."""

    epoch: int
    activation: Activated | None
    bank: Published | None = None
    result: LineEvent | None = None


class EpochPage(_Shape):
    """A line's epochs, newest first; ``next_before`` goes on with older ones. ``refusals`` are its newest
    commands that changed nothing, ``candidates`` its banks that were published and never put in force."""

    epochs: tuple[Epoch, ...]
    refusals: tuple[LineEvent, ...] = ()
    candidates: tuple[Published, ...] = ()
    next_before: int | None = None


class EpochChange(_Shape):
    """The parts that an epoch's bank has more and less than that of the epoch before."""

    epoch: int
    added: list[PartEntry]
    removed: list[PartEntry]


class BankPart(PartEntry):
    """A part, and how many vectors of it were selected."""

    vectors: int


class BankDetail(_Shape):
    """A bank. ``epoch`` and ``thresholds`` are there when it is in force; ``scores`` ascend, and are of
    good parts that were held out."""

    line: LineId
    model: ModelName
    version: Version
    epoch: int | None
    thresholds: Thresholds | None
    vectors: int
    size_bytes: int
    selection_radius: float
    coverage_radius: float
    recipe: str
    backbone: str
    precision: str
    grid: tuple[int, int]
    scores: tuple[float, ...]
    parts: tuple[BankPart, ...]


class ScoredFrame(_Shape):
    """A frame and its score under the version in force; ``verdict`` is what it was called."""

    frame_uid: UUID
    frame_id: str
    verdict: VerdictKind
    score: float


class ThresholdFacts(_Shape):
    """``scores`` ascend, of good parts that were held out; ``recent`` frames were judged by the version in
    force, newest first."""

    line: LineId
    epoch: int
    model: ModelName
    version: Version
    thresholds: Thresholds
    scores: tuple[float, ...]
    recent: tuple[ScoredFrame, ...]


class RatePreview(_Shape):
    """What rates would do. The realised false-alarm rate lies between ``rate_low`` and ``rate_high`` with
    90 % confidence; ``now`` and ``then`` count the recent frames by verdict."""

    thresholds: Thresholds
    sentence: str
    rate_low: float
    rate_high: float
    now: dict[VerdictKind, int]
    then: dict[VerdictKind, int]
