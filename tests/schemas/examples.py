"""Messages with every field set, as today's programs write them: ``python -m tests.schemas.examples VERSION``
freezes them for a release."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from schemas.activation import Activated, Published, Thresholds
from schemas.alert import Alert
from schemas.command import ApproveGood, ConfirmDefect, FrameRef, Rebuild, RemovePart, Rollback
from schemas.line_event import LineEvent
from schemas.reasons import CommandKind, FaultReason, Gate, LineEventKind, VerdictKind
from schemas.report import Report
from schemas.verdict import Region, Source, Verdict

RELEASED = Path(__file__).parent / "released"
MOMENT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
UID, SHA, OTHER = UUID(int=7), "a" * 64, "b" * 64
THRESHOLDS = Thresholds(
    wished_alpha=0.01,
    alpha=0.01,
    review_alpha=0.05,
    defect_score=3.0,
    review_score=2.5,
    calibration_parts=120,
)
FRAME = FrameRef(frame_uid=UID, frame_id="part-1", frame_sha256=SHA, model="default", part_id="P 1")
VERDICT = Verdict(
    frame_uid=UID,
    line="line1",
    frame_id="part-1",
    frame_sha256=SHA,
    part_id="P 1",
    camera="north",
    captured_at=MOMENT,
    replay_of="frames/0/7",
    verdict=VerdictKind.DEFECT,
    score=3.5,
    p_value=0.01,
    alpha=0.01,
    threshold=3.0,
    review_threshold=2.5,
    model="default",
    bank_version=OTHER,
    epoch=4,
    regions=(Region(x=1, y=2, width=3, height=4, score=3.5),),
    width=640,
    height=480,
    frame_url="http://p/f",
    heatmap_url="http://p/h",
    source=Source(partition=0, offset=9, timestamp_ms=1),
    inspected_at=MOMENT,
)
FAULT = Verdict(
    frame_uid=UID,
    line="line1",
    frame_id="part-2",
    frame_sha256=SHA,
    verdict=VerdictKind.FAULT,
    reason=FaultReason.FLAT,
    source=Source(partition=1, offset=3, timestamp_ms=1),
    inspected_at=MOMENT,
)


def _command(kind: type[BaseModel], **more: Any) -> BaseModel:
    return kind(command_id=UID, line="line1", actor="ann", why="a test", issued_at=MOMENT, **more)


def examples() -> dict[str, list[dict[str, Any]]]:
    """By the name of their schema."""
    messages: dict[str, list[BaseModel]] = {
        "verdict": [VERDICT, FAULT],
        "alert": [Alert.of(VERDICT)],
        "report": [
            Report.of_verdict(VERDICT),
            Report.of_alert(Alert.of(VERDICT)),
            Report.of_missing("line1", 0, 9, part_id="P 1", camera="left"),
        ],
        "command": [
            _command(ApproveGood, frames=(FRAME,), audit=True),
            _command(ConfirmDefect, frame=FRAME),
            _command(RemovePart, model="default", part=SHA),
            _command(Rebuild, model="default"),
            _command(Rollback, to_epoch=1),
        ],
        "line-event": [
            LineEvent(
                kind=LineEventKind.COMMAND_REFUSED,
                line="line1",
                sentence="it looks like a canary",
                command_id=UID,
                command_kind=CommandKind.APPROVE_GOOD,
                actor="ann",
                model="default",
                gate=Gate.SUSPICIOUS_PART,
                needs_second_person=True,
                frames=(FRAME,),
                at=MOMENT,
            ),
            LineEvent(
                kind=LineEventKind.BREAKER, line="line1", sentence="it opened", breaker_open=True, at=MOMENT
            ),
        ],
        "bank-record": [
            Published(
                line="line1",
                model="default",
                version=OTHER,
                size_bytes=9,
                vectors=100,
                parts=10,
                radius=0.5,
                based_on=SHA,
                published_at=MOMENT,
            ),
            Activated(
                line="line1",
                epoch=4,
                model="default",
                version=OTHER,
                size_bytes=9,
                thresholds=THRESHOLDS,
                activated_at=MOMENT,
                actor="ann",
                why="a test",
                command_id=UID,
            ),
        ],
    }
    return {
        name: [json.loads(message.model_dump_json(exclude_none=True)) for message in every]
        for name, every in messages.items()
    }


def released_versions() -> list[Path]:
    """The folders of releases."""
    return sorted(path for path in RELEASED.iterdir() if path.is_dir())


if __name__ == "__main__":
    (RELEASED / sys.argv[1] / "examples.json").write_text(json.dumps(examples(), indent=1) + "\n")
