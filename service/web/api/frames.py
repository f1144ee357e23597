"""Frames: the bytes that a camera sent, their heatmaps, and their verdicts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import Response

from schemas.ids import SHA256_PATTERN, LineId
from schemas.verdict import Neighbour
from service.accounts.roles import Role
from service.images.thumbnailer import Box
from service.images.unreadable import UnreadableImage
from service.store.errors import MissingObject, StoreError
from service.store.keys import frame_key, heatmap_key, part_key
from service.web.access.least import require
from service.web.context import Context
from service.web.nearest import around
from service.web.picture import picture_response
from service.web.problem import Problem
from service.web.shapes import VerdictItem
from service.web.thumbs import Unshowable

IMAGE: dict[int | str, dict[str, object]] = {200: {"description": "The image.", "content": {"image/*": {}}}}
VersionInPath = Annotated[str, Path(pattern=SHA256_PATTERN)]


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(
        prefix="/frames/{line}/{frame_uid}", tags=["frames"], dependencies=[require(Role.VIEWER)]
    )

    @routes.get("", summary="The frame as its camera sent it", response_class=Response, responses=IMAGE)
    async def frame(line: LineId, frame_uid: UUID) -> Response:
        return await _picture(context, frame_key(line, frame_uid))

    @routes.get(
        "/heatmaps/{version}.png",
        summary="The heatmap of one bank version",
        response_class=Response,
        responses=IMAGE,
    )
    async def heatmap(line: LineId, frame_uid: UUID, version: VersionInPath) -> Response:
        return await _picture(context, heatmap_key(line, frame_uid, version))

    @routes.get("/thumbnail", summary="The frame made small", response_class=Response, responses=IMAGE)
    async def thumbnail(line: LineId, frame_uid: UUID) -> Response:
        return await small_picture(context, frame_key(line, frame_uid))

    @routes.get(
        "/nearest/{which}",
        summary="A good patch of the bank that the worst place of a flagged frame comes nearest to",
        description="`own` is the worst place itself, 0 the nearest patch, and so on, as in the verdict's "
        "`regions[0].nearest`.",
        response_class=Response,
        responses=IMAGE,
    )
    async def nearest(
        line: LineId, frame_uid: UUID, which: Annotated[str, Path(pattern=r"^(own|[0-9])$")]
    ) -> Response:
        item = await known_frame(context, line, frame_uid)
        found = (item.regions[0].nearest if item.regions else None) or ()
        if which == "own" and item.regions:
            worst = item.regions[0]
            box = around((worst.x, worst.y, worst.width, worst.height), 1)
            return await small_picture(context, frame_key(line, frame_uid), box)
        if which == "own" or int(which) >= len(found) or item.model is None:
            raise Problem(404, f"frame {frame_uid} has no nearest patch {which}: see its verdict")
        key = part_key(line, item.model, found[int(which)].part)
        return await small_picture(context, key, await _place(context, item, found[int(which)], key))

    @routes.get("/verdict", summary="The frame's effective verdict")
    async def verdict(line: LineId, frame_uid: UUID) -> VerdictItem:
        return await known_frame(context, line, frame_uid)

    return routes


async def _place(context: Context, item: VerdictItem, neighbour: Neighbour, key: str) -> Box | None:
    try:
        data = await context.store.get(key, max_bytes=context.max_frame_bytes)
        return await context.nearest.box(item, neighbour, data)
    except MissingObject as error:
        raise Problem(404, "the picture of this part of the bank is not stored") from error
    except (StoreError, UnreadableImage) as error:
        raise Problem(503, "the object store does not give the picture: try again in a moment") from error


async def known_frame(context: Context, line: str, frame_uid: UUID) -> VerdictItem:
    """The effective verdict of a frame; raises ``Problem`` 404 when the page remembers none."""
    name = str(frame_uid)
    items = (await context.view.find(line, [name]))[name]
    if not items:
        raise Problem(
            404, f"line {line} has no frame {name} among those the page remembers: see /v1/verdicts"
        )
    return items[0]


async def _picture(context: Context, key: str) -> Response:
    try:
        data = await context.store.get(key, max_bytes=context.max_frame_bytes)
    except MissingObject as error:
        raise Problem(
            404, "this picture is not stored, or no longer: ask for one that /v1/verdicts lists"
        ) from error
    except StoreError as error:
        raise Problem(503, "the object store does not give the picture: try again in a moment") from error
    return picture_response(data)


async def small_picture(context: Context, key: str, box: Box | None = None) -> Response:
    """A picture, or a box in it, made small. Raises ``Problem``: 404, 415 for what cannot be shown, 503."""
    try:
        return picture_response(await context.thumbs.of(key, box=box))
    except MissingObject as error:
        raise Problem(404, "this picture is not stored, or no longer") from error
    except Unshowable as error:
        raise Problem(415, "this picture cannot be made small: ask for it whole") from error
    except StoreError as error:
        raise Problem(503, "the object store does not give the picture: try again in a moment") from error
