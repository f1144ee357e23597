"""The wall: every line on one page."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from service.web.context import Context
from service.web.pages.render import Renderer

CARD_MARKS = 48


def router(context: Context, render: Renderer) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get("/")
    async def wall(request: Request) -> HTMLResponse:
        lines = await context.view.lines()
        marks = await context.view.marks([line.line for line in lines], CARD_MARKS)
        return render(request, "home.html", lines=lines, marks=marks)

    return routes
