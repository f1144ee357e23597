"""The pages: rendered here, whole and readable without scripts; the scripts only keep them up to date."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from schemas.ids import LineId
from schemas.reasons import FaultReason, VerdictKind
from service.web.api.frames import known_frame
from service.web.api.lines import known_line
from service.web.api.verdicts import parse_cursor
from service.web.context import Context
from service.web.view.verdicts import Filter
from service.web.words import FILTERS

TEMPLATES = Path(__file__).parent / "templates"
ROWS = 50
CARD_MARKS = 48
LINE_MARKS = 120
# The heatmap's colours, from score 0 to twice the threshold: OpenCV's inferno in sixteen steps.
INFERNO = (
    *("#000004", "#0c0826", "#240c4f", "#420a68", "#5d126e", "#781c6d", "#932667", "#ae305c"),
    *("#c73e4c", "#dd513a", "#ed6925", "#f8850f", "#fca50a", "#fac62d", "#f2e661", "#fcffa4"),
)
CHOICES: dict[str, tuple[VerdictKind, ...]] = {
    "all": (),
    "flagged": (VerdictKind.DEFECT, VerdictKind.REVIEW),
    **{kind.value: (kind,) for kind in VerdictKind},
}
CHOICE = "^(" + "|".join(CHOICES) + ")$"


def environment() -> Environment:
    """Templates that escape everything and fail on a name they do not know."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    faults = {reason.value: reason for reason in FaultReason}
    made.globals.update(kinds=list(VerdictKind), faults=faults, inferno=INFERNO)
    return made


def pages_router(context: Context) -> APIRouter:
    """The routes of the pages."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    templates = environment()

    def render(name: str, **values: object) -> HTMLResponse:
        html = templates.get_template(name).render(**values)
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    @routes.get("/")
    async def home() -> HTMLResponse:
        lines = await context.view.lines()
        marks = await context.view.marks([line.line for line in lines], CARD_MARKS)
        return render("home.html", lines=lines, marks=marks)

    @routes.get("/lines/{line}")
    async def line_page(
        line: LineId,
        verdict: Annotated[str, Query(pattern=CHOICE)] = "all",
        cursor: Annotated[str | None, Query(max_length=60)] = None,
    ) -> HTMLResponse:
        summary = await known_line(context, line)
        found = await context.view.page(Filter(line, CHOICES[verdict]), parse_cursor(cursor), ROWS)
        marks = (await context.view.marks([line], LINE_MARKS))[line]
        values = {"chosen": verdict, "choices": list(CHOICES), "cursor": cursor}
        return render("line.html", line=summary, found=found, marks=marks, **values)

    @routes.get("/lines/{line}/frames/{frame_uid}")
    async def frame_page(line: LineId, frame_uid: UUID) -> HTMLResponse:
        return render("frame.html", item=await known_frame(context, line, frame_uid))

    return routes
