"""The review page of a line: its verdicts, and one part with all that is known of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from schemas.ids import LineId
from schemas.reasons import VerdictKind
from service.web.api.frames import known_frame
from service.web.api.lines import known_line
from service.web.api.verdicts import parse_cursor
from service.web.context import Context
from service.web.pages.render import Renderer
from service.web.view.verdicts import Filter

ROWS = 50
LINE_MARKS = 120
CHOICES: dict[str, tuple[VerdictKind, ...]] = {
    "all": (),
    "flagged": (VerdictKind.DEFECT, VerdictKind.REVIEW),
    **{kind.value: (kind,) for kind in VerdictKind},
}
CHOICE = "^(" + "|".join(CHOICES) + ")$"


def router(context: Context, render: Renderer) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.get("/lines/{line}")
    async def line_page(
        request: Request,
        line: LineId,
        verdict: Annotated[str, Query(pattern=CHOICE)] = "all",
        cursor: Annotated[str | None, Query(max_length=60)] = None,
    ) -> HTMLResponse:
        summary = await known_line(context, line)
        found = await context.view.page(Filter(line, CHOICES[verdict]), parse_cursor(cursor), ROWS)
        marks = (await context.view.marks([line], LINE_MARKS))[line]
        values: dict[str, object] = {"chosen": verdict, "choices": list(CHOICES), "cursor": cursor}
        values |= {"line": summary, "found": found, "marks": marks}
        return render(request, "line.html", **values)

    @routes.get("/lines/{line}/frames/{frame_uid}")
    async def frame_page(request: Request, line: LineId, frame_uid: UUID) -> HTMLResponse:
        summary = await known_line(context, line)
        return render(request, "frame.html", line=summary, item=await known_frame(context, line, frame_uid))

    return routes
