"""The wall: every line on one page, trouble first, readable from three metres."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from service.web.context import Context
from service.web.health import Health
from service.web.pages.render import Renderer, environment
from service.web.shapes import LineSummary

_RANK = {health: rank for rank, health in enumerate(Health)}
_WELL = len(_RANK)


def router(context: Context, render: Renderer) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get("/")
    async def wall(request: Request) -> HTMLResponse:
        lines = sorted(await context.view.lines(), key=rank)
        return render(request, "wall.html", lines=lines, rank=rank)

    return routes


def rank(line: LineSummary) -> str:
    """What to sort by: lines in trouble, the gravest first, then those with defects this hour, then by name.
    A line under maintenance is not in trouble."""
    kinds = [trouble.kind for trouble in line.troubles if trouble.kind is not Health.MAINTENANCE]
    grave = min((_RANK[kind] for kind in kinds), default=_WELL)
    calm = not (line.last_hour and any(line.last_hour.defects[-10:]))
    return f"{grave:02}{int(calm)}{line.line}"


def draw_tile(line: LineSummary) -> str:
    """A line's piece of the wall."""
    return environment().get_template("tile.html").render(line=line, rank=rank)
