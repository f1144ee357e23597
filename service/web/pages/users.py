"""The users page: who may use the page and which machines may come in, for engineers."""

from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from service.accounts.roles import Role
from service.web.access.least import require
from service.web.api import tokens, users
from service.web.context import Context
from service.web.pages.render import Renderer


def router(context: Context, render: Renderer) -> APIRouter:
    """The route."""
    routes = APIRouter(dependencies=[require(Role.ENGINEER)])

    @routes.get("/users")
    async def users_page(request: Request) -> HTMLResponse:
        found = await users.listed(context.reception)
        made = await tokens.listed(context.reception)
        return render(
            request,
            "users.html",
            users=[users.item(user) for user in found],
            tokens=[tokens.item(token) for token in made],
            roles=list(Role),
            now=datetime.now(UTC),
        )

    return routes
