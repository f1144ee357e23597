"""Canaries: the confirmed defects on which every bank of a line's model must go on alarming."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from schemas.canary import Canary
from schemas.command import FrameRef
from schemas.ids import LineId, ModelName
from schemas.line_event import LineEvent
from service.accounts.roles import Role
from service.store.errors import MissingObject, StoreError
from service.store.keys import canary_key, canary_record_key
from service.web.access.least import require
from service.web.api.frames import IMAGE
from service.web.api.lines import known_line
from service.web.context import Context
from service.web.picture import picture_response
from service.web.problem import Problem
from service.web.shapes import CanaryItem
from service.web_urls import canary_picture_url


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(
        prefix="/lines/{line}/canaries", tags=["canaries"], dependencies=[require(Role.VIEWER)]
    )

    @routes.get("", summary="The canaries of a line, oldest first")
    async def canaries(line: LineId, model: Annotated[ModelName | None, Query()] = None) -> list[CanaryItem]:
        await known_line(context, line)
        return await canary_items(context, line, model)

    @routes.get("/{frame_uid}", summary="How the bank judged a canary when it was confirmed")
    async def canary(line: LineId, frame_uid: UUID) -> Canary:
        model, sha256 = await _place(context, line, frame_uid)
        try:
            return Canary.from_bytes(await context.store.get(canary_record_key(line, model, sha256)))
        except MissingObject as error:
            raise _lost(frame_uid) from error
        except (StoreError, ValueError) as error:
            raise Problem(503, "the object store does not give the canary: try again in a moment") from error

    @routes.get(
        "/{frame_uid}/picture", summary="A canary's picture", response_class=Response, responses=IMAGE
    )
    async def picture(line: LineId, frame_uid: UUID) -> Response:
        key = canary_key(line, *await _place(context, line, frame_uid))
        try:
            data = await context.store.get(key, max_bytes=context.max_frame_bytes)
        except MissingObject as error:
            raise _lost(frame_uid) from error
        except StoreError as error:
            raise Problem(503, "the object store does not give the picture: try again in a moment") from error
        return picture_response(data)

    return routes


async def canary_items(context: Context, line: str, model: str | None = None) -> list[CanaryItem]:
    """The canaries of a line, or of one model of it, oldest first."""
    annals = await context.view.annals(line)
    return [
        _item(context, frame, event, missed=frame.frame_uid in annals.missed(line, frame.model))
        for frame, event in annals.confirmations(line)
        if model in (None, frame.model)
    ]


async def _place(context: Context, line: str, frame_uid: UUID) -> tuple[str, str]:
    """The model and sha256 of a canary. Raises ``Problem`` 404."""
    frame = (await context.view.annals(line)).canary(line, frame_uid)
    if frame is None or frame.model is None:
        raise Problem(404, f"line {line} has no canary of frame {frame_uid}: see /v1/lines/{line}/canaries")
    return frame.model, frame.frame_sha256


def _lost(frame_uid: UUID) -> Problem:
    return Problem(404, f"canary {frame_uid} is missing in the store: restore canaries/, or retire it")


def _item(context: Context, frame: FrameRef, event: LineEvent, *, missed: bool) -> CanaryItem:
    return CanaryItem(
        line=event.line,
        model=frame.model,
        frame_uid=frame.frame_uid,
        frame_id=frame.frame_id,
        frame_sha256=frame.frame_sha256,
        epoch=event.epoch,
        missed=missed,
        sentence=event.sentence,
        actor=event.actor or "",
        confirmed_at=event.at,
        picture_url=canary_picture_url(context.public_url, event.line, frame.frame_uid),
    )
