"""The password page: where who is logged in changes their own password."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from service.accounts.passwords import LONGEST, SHORTEST
from service.web.context import Context
from service.web.pages.render import Renderer


def router(context: Context, render: Renderer) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get("/password")
    async def password_page(request: Request) -> HTMLResponse:
        return render(request, "password.html", shortest=SHORTEST, longest=LONGEST)

    return routes
