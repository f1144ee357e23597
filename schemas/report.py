"""The report: what a sink tells a PLC, a broker, a file or a web service of one part."""

from typing import Literal, Self
from uuid import UUID, uuid5

from pydantic import Field

from schemas.alert import Alert
from schemas.ids import NAMESPACE, FrameId, LineId, ModelName
from schemas.message import Message, Moment
from schemas.reasons import FaultReason, ReportKind, VerdictKind
from schemas.verdict import Verdict


class View(Message):
    """One view of a joined part."""

    name: str = Field(description="the line or camera that saw the part")
    good: bool
    verdict: VerdictKind | None = Field(default=None, description="absent for a view that is missing")


class Report(Message):
    """What is told of one part. ``good`` is true for a verdict `ok` in time and for nothing else: whoever
    reads no further never lets a part pass that was not judged good."""

    schema_version: Literal[1] = 1
    report_id: UUID = Field(description="the same however often it is sent: act once for each")
    kind: ReportKind
    good: bool
    line: LineId
    part_id: str | None = None
    frame_id: FrameId | None = None
    frame_uid: UUID | None = None
    camera: str | None = None
    captured_at: Moment | None = None
    replay_of: str | None = Field(default=None, description="the frame that was sent again, for a replay")
    verdict: VerdictKind | None = None
    reason: FaultReason | None = None
    late: bool = Field(default=False, description="it came after the line's deadline, so it is not good")
    score: float | None = None
    threshold: float | None = None
    model: ModelName | None = None
    frame_url: str | None = None
    heatmap_url: str | None = None
    views: tuple[View, ...] = Field(default=(), description="of a joined part")
    inspected_at: Moment | None = None

    @classmethod
    def of_verdict(cls, verdict: Verdict, *, late: bool = False) -> Self:
        """The report of a frame's effective verdict; ``late`` when the sink has told of it as missing."""
        late = late or verdict.late
        return cls(
            report_id=_report_id("verdict", verdict.source.partition, verdict.source.offset),
            kind=ReportKind.VERDICT,
            good=verdict.verdict is VerdictKind.OK and not late,
            late=late,
            **_shared(verdict, exclude={"late"}),
        )

    @classmethod
    def of_alert(cls, alert: Alert) -> Self:
        """The report of an alert: never good."""
        return cls(report_id=alert.alert_id, kind=ReportKind.ALERT, good=False, **_shared(alert))

    @classmethod
    def of_missing(
        cls, line: str, partition: int, offset: int, *, part_id: str | None = None, camera: str | None = None
    ) -> Self:
        """The report of an accepted frame that has no verdict by its line's deadline."""
        return cls(
            report_id=_report_id("missing", partition, offset),
            kind=ReportKind.MISSING,
            good=False,
            line=line,
            part_id=part_id,
            camera=camera,
        )

    @classmethod
    def of_part(
        cls,
        line: str,
        part_id: str | None,
        *,
        good: bool,
        seen: tuple[Self, ...],
        missing: frozenset[str],
        by_camera: bool,
    ) -> Self:
        """The report of a joined part: as the views that came tell, and those that did not."""
        views = [
            View(name=(each.camera or "" if by_camera else each.line), good=each.good, verdict=each.verdict)
            for each in seen
        ]
        views += [View(name=name, good=False) for name in sorted(missing)]
        ids = ",".join(sorted(str(each.report_id) for each in seen))
        return cls(
            report_id=uuid5(NAMESPACE, f"report/part/{line}/{part_id}/{ids}"),
            kind=ReportKind.PART,
            good=good,
            line=line,
            part_id=part_id,
            late=any(each.late for each in seen),
            views=tuple(views),
        )


def _report_id(kind: str, partition: int, offset: int) -> UUID:
    return uuid5(NAMESPACE, f"report/{kind}/{partition}/{offset}")


def _shared(message: Verdict | Alert, exclude: set[str] | None = None) -> dict[str, object]:
    own = {"report_id", "kind", "good", "views", "schema_version"} | (exclude or set())
    names = (Report.model_fields.keys() & type(message).model_fields.keys()) - own
    return {name: getattr(message, name) for name in names}
