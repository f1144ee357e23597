"""Banks tried beside the line: one picture at a time, or on a line's newest frames."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.activation import Thresholds
from schemas.ids import SHA256_PATTERN, LineId, Version
from schemas.reasons import VerdictKind
from schemas.verdict import Region
from service.accounts.roles import Role
from service.store.errors import MissingObject, StoreError
from service.store.keys import frame_key
from service.training.thresholds import Rates
from service.web.access.least import require
from service.web.api.frames import known_frame
from service.web.bench import Judgement
from service.web.context import Context
from service.web.picture import picture_response
from service.web.problem import Problem
from service.web.shadows import Shadow

IMAGE: dict[int | str, dict[str, object]] = {200: {"description": "The image.", "content": {"image/png": {}}}}
VersionInPath = Annotated[str, Path(pattern=SHA256_PATTERN)]


class TrialRequest(BaseModel):
    """One picture: uploaded, by its sha256, or a frame of the line; and the rate to judge by."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"picture": "ab" * 32, "alpha": 0.01}]}
    )

    picture: Version | None = None
    frame: UUID | None = None
    alpha: float | None = Field(default=None, gt=0, lt=1)


class Trial(BaseModel):
    """What the bank says of the picture; ``verdict`` is fault for one that it cannot judge, with a reason."""

    verdict: VerdictKind
    sentence: str
    score: float | None = None
    p_value: float | None = None
    thresholds: Thresholds
    regions: tuple[Region, ...] = ()
    width: int | None = None
    height: int | None = None
    heatmap_url: str | None = None


class ShadowRequest(BaseModel):
    """Which version to hold against the one in force, on how many of the line's newest frames."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"version": "ab" * 32, "frames": 100}]}
    )

    version: Version
    frames: int = Field(default=100, ge=1, le=1_000)


class FlippedFrame(BaseModel):
    """A frame that the two banks call differently."""

    frame_uid: UUID
    frame_id: str
    frame_url: str | None
    before: str
    after: str
    score_before: float | None
    score_after: float | None


class ShadowState(BaseModel):
    """A comparison. ``flips`` are counted as ``ok->defect``; ``missing`` frames are no longer stored."""

    shadow_id: UUID
    line: LineId
    state: Literal["running", "done", "failed", "cancelled"]
    sentence: str
    share_done: float
    before: Version
    after: Version
    compared: int
    missing: int
    unreadable: int
    flips: dict[str, int]
    flipped: list[FlippedFrame]


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/lines/{line}", tags=["trials"], dependencies=[require(Role.ENGINEER)])

    @routes.post("/versions/{version}/trials", summary="What a bank says of one picture")
    async def trial(line: LineId, version: VersionInPath, wanted: TrialRequest) -> Trial:
        data = await _picture(context, line, wanted)
        rates = None if wanted.alpha is None else _rates(wanted.alpha)
        bank = await context.teaching.tried.as_if_in_force(line, version, rates)
        (told,) = await context.teaching.tried.judge(bank, [data])
        if not isinstance(told, Judgement):
            return Trial(verdict=VerdictKind.FAULT, sentence=told.sentence, thresholds=bank.thresholds)
        drawing = context.teaching.drawings.keep(line, told.heatmap) if told.heatmap else None
        return Trial(
            verdict=told.verdict,
            sentence=told.verdict.sentence,
            score=told.score,
            p_value=told.p_value,
            thresholds=bank.thresholds,
            regions=told.regions,
            width=told.width,
            height=told.height,
            heatmap_url=f"/v1/lines/{line}/trials/{drawing}.png" if drawing else None,
        )

    @routes.get(
        "/trials/{trial_id}.png", summary="A trial's heatmap", response_class=Response, responses=IMAGE
    )
    async def drawing(line: LineId, trial_id: UUID) -> Response:
        return picture_response(context.teaching.drawings.get(line, trial_id))

    @routes.post("/shadows", status_code=202, summary="Hold a bank against the one in force")
    async def shadow(line: LineId, wanted: ShadowRequest) -> ShadowState:
        return _state(await context.teaching.shadows.begin(line, wanted.version, wanted.frames))

    @routes.get("/shadows/{shadow_id}", summary="How far a comparison is, and what it found")
    async def shadow_state(line: LineId, shadow_id: UUID) -> ShadowState:
        return _state(context.teaching.shadows.get(line, shadow_id))

    @routes.delete("/shadows/{shadow_id}", status_code=202, summary="Cancel a comparison")
    async def cancel(line: LineId, shadow_id: UUID) -> ShadowState:
        context.teaching.shadows.cancel(line, shadow_id)
        return _state(context.teaching.shadows.get(line, shadow_id))

    return routes


async def _picture(context: Context, line: str, wanted: TrialRequest) -> bytes:
    if (wanted.picture is None) == (wanted.frame is None):
        raise Problem(422, "name one picture: an uploaded one by its sha256, or a frame by its frame_uid")
    try:
        if wanted.picture is not None:
            return await context.teaching.uploads.get(line, wanted.picture)
        frame = await known_frame(context, line, wanted.frame or UUID(int=0))
        return await context.store.get(frame_key(line, frame.frame_uid), max_bytes=context.max_frame_bytes)
    except MissingObject as error:
        raise Problem(404, "the frame is no longer stored: name a newer one") from error
    except StoreError as error:
        raise Problem(503, "the object store does not give the picture: try again in a moment") from error


def _rates(alpha: float) -> Rates:
    return Rates(alpha, max(alpha, min(0.5, 5 * alpha)))


def _state(shadow: Shadow) -> ShadowState:
    return ShadowState(
        shadow_id=shadow.shadow_id,
        line=shadow.line,
        state=shadow.state,
        sentence=shadow.sentence,
        share_done=shadow.done / shadow.total,
        before=shadow.before.version,
        after=shadow.after.version,
        compared=shadow.compared,
        missing=shadow.missing,
        unreadable=shadow.unreadable,
        flips={f"{before}->{after}": count for (before, after), count in sorted(shadow.flips.items())},
        flipped=[
            FlippedFrame(
                frame_uid=flip.frame.frame_uid,
                frame_id=flip.frame.frame_id,
                frame_url=flip.frame.frame_url,
                before=flip.before,
                after=flip.after,
                score_before=flip.score_before,
                score_after=flip.score_after,
            )
            for flip in shadow.flipped
        ],
    )
