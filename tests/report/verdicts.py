"""Verdicts of a line that never ran, for reports."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from schemas.reasons import FaultReason, VerdictKind
from schemas.verdict import Source, Verdict

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
_SPACE = UUID(int=0)


def verdict(offset: int, kind: VerdictKind, score: float | None = None, **other: object) -> Verdict:
    """The verdict of frame ``offset``, a minute after the one before."""
    at = NOON + timedelta(minutes=offset)
    scored = {} if score is None else {"score": score, "p_value": 0.02, "threshold": 3.0, "epoch": 2}
    return Verdict.model_validate(
        {
            "frame_uid": uuid5(_SPACE, str(offset)),
            "line": "line1",
            "frame_id": f"part-{offset}",
            "frame_sha256": "0" * 64,
            "verdict": kind,
            "reason": FaultReason.FLAT if kind is VerdictKind.FAULT else None,
            "review_threshold": 2.0 if scored else None,
            "alpha": 0.01 if scored else None,
            "model": "default" if scored else None,
            "source": Source(partition=0, offset=offset, timestamp_ms=int(at.timestamp() * 1000) - 200),
            "inspected_at": at,
            **scored,
            **other,
        }
    )
