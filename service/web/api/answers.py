"""Answers: what people say of parts, and who is about to say it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from schemas.ids import LineId
from service.accounts.roles import Role
from service.store.errors import StoreError
from service.web.access.least import UNRECORDED, Asker, require
from service.web.claims import PER_HOLDER, Claim, Holder
from service.web.context import Context
from service.web.hub import Event
from service.web.problem import Problem
from service.web.shapes import (
    Accepted,
    AcceptedAnswer,
    AnswerKind,
    ClaimedParts,
    OthersClaims,
    Said,
    TakenPart,
)

HOLDER = r"^[A-Za-z0-9-]{8,64}$"
PageName = Annotated[str, Path(pattern=HOLDER, description="a name of the open page's own, hard to guess")]


class AnswerRequest(BaseModel):
    """What is said of parts, each named by its frame id or its frame_uid."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"answer": "good", "frames": ["part-17"], "why": "only oil"}]},
    )

    answer: AnswerKind
    frames: list[str] = Field(min_length=1, max_length=200)
    why: str = Field(default="", max_length=1000)
    holder: str | None = Field(default=None, pattern=HOLDER, description="the page that answers")


class ClaimRequest(BaseModel):
    """All the parts that a page has before it; it lets every other go."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"frames": ["6f9619ff-8b86-4011-b42d-00c04fc964ff"]}]}
    )

    frames: list[UUID] = Field(max_length=PER_HOLDER)


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/lines/{line}", tags=["answers"], dependencies=[require(Role.OPERATOR)])

    @routes.post("/answers", status_code=202, summary="Say good, defect or unsure of parts")
    async def answer(line: LineId, request: AnswerRequest, asker: Asker) -> list[AcceptedAnswer]:
        own = Holder(asker.name, request.holder) if request.holder else None
        taken = {UUID(one.frame_uid): one.name for one in context.claims.of_others(line, own)}
        try:
            accepted = await context.answering.answer(
                line, request.frames, request.answer, request.why, asker.name, taken
            )
        except StoreError as error:
            raise Problem(503, "the object store does not answer: answer again in a moment") from error
        uids = [command.frame_uid for command in accepted]
        context.claims.release(line, [str(uid) for uid in uids])
        said = Said(line=line, frames=tuple(uids), answer=request.answer, name=asker.name)
        context.hub.publish(Event("answer", line, said.model_dump_json()))
        return accepted

    @routes.post("/frames/{frame_uid}/undo", status_code=202, summary="Take back the answer to a part")
    async def undo(line: LineId, frame_uid: UUID, asker: Asker) -> Accepted:
        accepted = await context.answering.undo(line, frame_uid, asker)
        said = Said(line=line, frames=(frame_uid,), answer=None, name=asker.name)
        context.hub.publish(Event("answer", line, said.model_dump_json()))
        return accepted

    @routes.put(
        "/claims/{holder}",
        summary="Hold the parts that a page shows to answer",
        dependencies=[UNRECORDED],
    )
    async def claim(line: LineId, holder: PageName, request: ClaimRequest, asker: Asker) -> ClaimedParts:
        uids = [str(uid) for uid in request.frames]
        got, taken = context.claims.hold(line, Holder(asker.name, holder), uids)
        _tell(context, line)
        return ClaimedParts(
            held=tuple(UUID(uid) for uid in got), taken=tuple(_shown(other) for other in taken)
        )

    @routes.delete(
        "/claims/{holder}",
        status_code=204,
        summary="Let go of all that a page holds",
        dependencies=[UNRECORDED],
    )
    async def leave(line: LineId, holder: PageName, asker: Asker) -> None:
        names = context.claims.of_page(line, holder)
        if names and asker.name not in names:
            raise Problem(403, f"{min(names)} holds this, and only who holds it lets it go: wait for its end")
        context.claims.hold(line, Holder(asker.name, holder), [])
        _tell(context, line)

    @routes.get("/claims", summary="What others are answering now")
    async def claims(
        line: LineId, asker: Asker, holder: Annotated[str | None, Query(pattern=HOLDER)] = None
    ) -> OthersClaims:
        others = context.claims.of_others(line, Holder(asker.name, holder) if holder else None)
        return OthersClaims(line=line, claims=tuple(_shown(other) for other in others))

    return routes


def _tell(context: Context, line: str) -> None:
    """Everyone who watches the line; each knows which of them are its own."""
    claims = tuple(_shown(claim) for claim in context.claims.of_others(line, None))
    told = OthersClaims(line=line, claims=claims)
    context.hub.publish(Event("claims", line, told.model_dump_json()))


def _shown(claim: Claim) -> TakenPart:
    return TakenPart(frame_uid=UUID(claim.frame_uid), name=claim.name)
