"""Thresholds: what the calibration can promise, and what other rates would make of recent frames."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query

from schemas.activation import Thresholds
from schemas.ids import LineId
from schemas.reasons import VerdictKind
from service.accounts.roles import Role
from service.patchcore import Calibration, effective_alpha
from service.training.thresholds import thresholds_of
from service.web.access.least import require
from service.web.api.lines import known_line
from service.web.context import Context
from service.web.problem import Problem
from service.web.shapes import RatePreview, ScoredFrame, ThresholdFacts

CONFIDENCE = 0.9
Rate = Annotated[float, Query(gt=0, lt=1)]
Frames = Annotated[int, Query(ge=1, le=5_000, description="how many of the newest frames")]


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(
        prefix="/lines/{line}/thresholds", tags=["thresholds"], dependencies=[require(Role.VIEWER)]
    )

    @routes.get("", summary="Held-out scores, thresholds in force, and the scores of recent frames")
    async def thresholds(line: LineId, frames: Frames = 500) -> ThresholdFacts:
        return await threshold_facts(context, line, frames)

    @routes.get("/preview", summary="What other rates would change")
    async def preview(line: LineId, alpha: Rate, review_alpha: Rate, frames: Frames = 500) -> RatePreview:
        return preview_of(await threshold_facts(context, line, frames), alpha, review_alpha)

    return routes


async def threshold_facts(context: Context, line: str, frames: int) -> ThresholdFacts:
    """Raises ``Problem``: 404 for a line without a bank, and as ``BankBooks.of`` does."""
    summary = await known_line(context, line)
    active = await context.view.in_force(line)
    if active is None:
        raise Problem(404, f"line {line} has no bank, so it has no thresholds: train one from good parts")
    book = await context.books.of(line, active.model, active.version, active.size_bytes)
    recent = await context.view.scores(line, active.version, frames)
    return ThresholdFacts(
        line=line,
        epoch=summary.epoch,
        model=active.model,
        version=active.version,
        thresholds=active.thresholds,
        scores=book.scores,
        recent=tuple(recent),
    )


def preview_of(facts: ThresholdFacts, alpha: float, review_alpha: float) -> RatePreview:
    """What these rates would do. Raises ``Problem`` 422 for rates that cannot be."""
    scores = np.array(facts.scores)
    try:
        wished = thresholds_of(scores, alpha, review_alpha)
    except ValueError as error:
        raise Problem(422, str(error)) from error
    calibration = Calibration(scores)
    low, high = calibration.interval(effective_alpha(alpha, calibration.n), CONFIDENCE)
    return RatePreview(
        thresholds=wished,
        sentence=calibration.sentence(alpha),
        rate_low=low,
        rate_high=high,
        now=_counts(facts.recent, facts.thresholds),
        then=_counts(facts.recent, wished),
    )


def _counts(recent: tuple[ScoredFrame, ...], thresholds: Thresholds) -> dict[VerdictKind, int]:
    counts = {VerdictKind.OK: 0, VerdictKind.REVIEW: 0, VerdictKind.DEFECT: 0}
    for frame in recent:
        if frame.score > thresholds.defect_score:
            counts[VerdictKind.DEFECT] += 1
        elif frame.score > thresholds.review_score:
            counts[VerdictKind.REVIEW] += 1
        else:
            counts[VerdictKind.OK] += 1
    return counts
