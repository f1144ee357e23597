"""What a frame's outcome says to the world: the verdict and the dead letter, as pure functions."""

from datetime import datetime

from schemas.dead_letter import DeadLetter
from schemas.ids import sha256_hex
from schemas.reasons import FaultReason, VerdictKind
from schemas.verdict import Neighbour, Region, Verdict
from service.stream.base import Record
from service.web_urls import frame_url, heatmap_url
from workers.extraction.protocol import Judged, Unfit
from workers.inspector.job import Job, Rejected


def verdict_of(
    job: Job, outcome: Judged | Unfit, public_url: str, now: datetime, deadline_ms: int | None = None
) -> Verdict:
    """The verdict of a judged or unfit frame; late when its line's deadline has passed since the frame's
    timestamp."""
    headers = job.envelope.headers
    verdict = Verdict(
        frame_uid=job.uid,
        line=job.line,
        frame_id=job.frame_id,
        frame_sha256=job.sha256,
        part_id=headers.part_id,
        camera=headers.camera,
        captured_at=headers.captured_at,
        replay_of=headers.replay_of,
        verdict=VerdictKind.FAULT,
        width=outcome.width or None,
        height=outcome.height or None,
        frame_url=frame_url(public_url, job.line, job.uid),
        late=deadline_ms is not None and _age_ms(job, now) > deadline_ms,
        source=job.envelope.source,
        inspected_at=now,
    )
    if isinstance(outcome, Unfit):
        return verdict.model_copy(update={"reason": FaultReason(outcome.reason)})
    return verdict.model_copy(update=_scored(job, outcome, public_url))


def _age_ms(job: Job, now: datetime) -> float:
    return now.timestamp() * 1000 - job.envelope.record.timestamp_ms


def _scored(job: Job, outcome: Judged, public_url: str) -> dict[str, object]:
    drawn = outcome.heatmap is not None
    worst = tuple(
        Neighbour(part=part, vector=vector, distance=distance) for part, vector, distance in outcome.nearest
    )
    nearest = (worst or None, *[None] * len(outcome.regions))
    return {
        "verdict": VerdictKind(outcome.verdict),
        "score": outcome.score,
        "p_value": outcome.p_value,
        "alpha": outcome.alpha,
        "threshold": outcome.threshold,
        "review_threshold": outcome.review_threshold,
        "model": outcome.model,
        "bank_version": outcome.version,
        "epoch": outcome.epoch,
        "regions": tuple(
            Region(x=x, y=y, width=width, height=height, score=score, nearest=near)
            for (x, y, width, height, score), near in zip(outcome.regions, nearest, strict=False)
        ),
        "heatmap_url": heatmap_url(public_url, job.line, job.uid, outcome.version) if drawn else None,
    }


def dead_letter_of(
    record: Record, rejected: Rejected, now: datetime, *, attempt: int = 1, original_ref: str | None = None
) -> DeadLetter:
    """Why and whence the message was set aside; ``original_ref`` names bytes that are not its value."""
    return DeadLetter(
        reason=rejected.reason,
        sentence=rejected.sentence,
        source_topic=record.topic,
        source_partition=record.partition,
        source_offset=record.offset,
        source_timestamp_ms=record.timestamp_ms,
        sha256=sha256_hex(record.value or b""),
        attempt=attempt,
        original_ref=original_ref,
        set_aside_at=now,
    )
