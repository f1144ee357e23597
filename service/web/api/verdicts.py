"""Verdicts: the list, newest first, walked by cursor so that new ones open no gap; and the same as a file."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from schemas.ids import LineId
from schemas.message import Moment
from schemas.reasons import VerdictKind
from service.accounts.roles import Role
from service.web.access.least import require
from service.web.context import Context
from service.web.export import as_csv, as_json_lines
from service.web.problem import Problem
from service.web.shapes import VerdictPage
from service.web.view.verdicts import Cursor, Filter

FILES: dict[int | str, dict[str, object]] = {
    200: {"description": "The file.", "content": {"text/csv": {}, "application/jsonl": {}}}
}


def chosen_by(
    line: Annotated[LineId | None, Query()] = None,
    verdict: Annotated[list[VerdictKind], Query(description="give it again for more kinds")] = [],  # noqa: B006
    answered: Annotated[bool | None, Query(description="whether an answer stands")] = None,
    camera: Annotated[str | None, Query(max_length=128)] = None,
    part: Annotated[
        str | None,
        Query(min_length=1, max_length=128, description="how a part id begins, a frame id, or a frame_uid"),
    ] = None,
    since: Annotated[Moment | None, Query(description="inspected then or later")] = None,
    until: Annotated[Moment | None, Query(description="inspected before")] = None,
) -> Filter:
    """The filter of a request."""
    return Filter(line, tuple(dict.fromkeys(verdict)), answered, camera, part, since, until)


Chosen = Annotated[Filter, Depends(chosen_by)]


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["verdicts"], dependencies=[require(Role.VIEWER)])

    @routes.get("/verdicts", summary="Verdicts, newest first")
    async def verdicts(
        chosen: Chosen,
        cursor: Annotated[str | None, Query(max_length=60)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> VerdictPage:
        return await context.view.page(chosen, parse_cursor(cursor), limit)

    @routes.get(
        "/verdicts/export",
        summary="Verdicts as CSV or JSON lines, newest first, all that the filter means",
        response_class=StreamingResponse,
        responses=FILES,
    )
    async def export(
        chosen: Chosen, form: Annotated[Literal["csv", "jsonl"], Query(alias="format")] = "csv"
    ) -> StreamingResponse:
        rows = as_csv(context.view, chosen) if form == "csv" else as_json_lines(context.view, chosen)
        kind = "text/csv; charset=utf-8" if form == "csv" else "application/jsonl"
        name = f"verdicts-{chosen.line or 'all'}.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return StreamingResponse(rows, media_type=kind, headers=headers)

    return routes


def parse_cursor(text: str | None) -> Cursor | None:
    """The cursor of a request; raises ``Problem`` 422 for one that is none of ours."""
    try:
        return Cursor.parse(text) if text else None
    except ValueError as error:
        raise Problem(422, str(error)) from error
