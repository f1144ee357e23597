"""Maintenance: when a line is not judged. It is set by a command of the kind SetMaintenance."""

from datetime import UTC, datetime

from fastapi import APIRouter

from schemas.ids import LineId
from service.accounts.roles import Role
from service.web.access.least import require
from service.web.api.lines import known_line
from service.web.context import Context
from service.web.shapes import Maintenance, MaintenanceSpan


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["lines"], dependencies=[require(Role.VIEWER)])

    @routes.get("/lines/{line}/maintenance", summary="When a line is not judged, now and later")
    async def maintenance(line: LineId) -> Maintenance:
        await known_line(context, line)
        now = datetime.now(UTC)
        annals = await context.view.annals(line)
        spans = annals.calendar.spans(line, now)
        return Maintenance(
            line=line,
            now=annals.calendar.covers(line, now),
            windows=tuple(
                MaintenanceSpan(start=span.start, end=span.end, actor=span.actor, why=span.why)
                for span in spans
            ),
        )

    return routes
