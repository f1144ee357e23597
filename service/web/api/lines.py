"""Lines: what is in force on each, and what was told about it."""

from typing import Annotated

from fastapi import APIRouter, Query

from schemas.ids import LineId
from schemas.line_event import LineEvent
from service.accounts.roles import Role
from service.web.access.least import require
from service.web.context import Context
from service.web.problem import Problem
from service.web.shapes import LineSummary


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["lines"], dependencies=[require(Role.VIEWER)])

    @routes.get("/lines", summary="Every line")
    async def lines() -> list[LineSummary]:
        return list(await context.view.lines())

    @routes.get("/lines/{line}", summary="One line")
    async def line_summary(line: LineId) -> LineSummary:
        return await known_line(context, line)

    @routes.get("/lines/{line}/events", summary="What was told about a line, newest first")
    async def line_events(line: LineId, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> list[LineEvent]:
        await known_line(context, line)
        return list(await context.view.events(line, limit))

    return routes


async def known_line(context: Context, line: str) -> LineSummary:
    """The summary of a line; raises ``Problem``: 404 when nothing was ever told of it, 503 while
    that is not known yet."""
    summary = await context.view.line(line)
    if summary is None and (reading := context.still_reading()) is not None:
        raise Problem(503, reading)
    if summary is None:
        raise Problem(404, f"line {line} has sent nothing and has no bank: see /v1/lines for those that have")
    return summary
