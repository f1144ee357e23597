"""Verdicts, alerts and reports for tests of sinks."""

from datetime import UTC, datetime

from schemas.ids import frame_uid
from schemas.reasons import VerdictKind
from schemas.report import Report
from schemas.verdict import Source, Verdict

MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def verdict(
    offset: int = 0,
    line: str = "line1",
    kind: VerdictKind = VerdictKind.OK,
    *,
    partition: int = 0,
    part_id: str | None = None,
    camera: str | None = None,
    late: bool = False,
    replay_of: str | None = None,
) -> Verdict:
    name = f"frame-{offset}"
    return Verdict(
        frame_uid=frame_uid(line, name, "0" * 64),
        line=line,
        frame_id=name,
        frame_sha256="0" * 64,
        part_id=part_id,
        camera=camera,
        verdict=kind,
        score=0.5,
        late=late,
        replay_of=replay_of,
        source=Source(partition=partition, offset=offset, timestamp_ms=0),
        inspected_at=MOMENT,
    )


def report(offset: int = 0, line: str = "line1", kind: VerdictKind = VerdictKind.OK) -> Report:
    return Report.of_verdict(verdict(offset, line, kind, part_id=f"part-{offset}"))
