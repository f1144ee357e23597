"""The system page: what runs, what waits, what went wrong, and what could not be read."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from schemas.reasons import DeadLetterReason
from service.accounts.roles import Role
from service.web.api.dead_letters import CURSOR, letter_page, place_of
from service.web.api.system import system_state
from service.web.context import Context
from service.web.pages.render import Renderer, asker_of
from service.web.view.letters import LetterFilter

LETTERS = 24


def router(context: Context, render: Renderer) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get("/system")
    async def system_page(
        request: Request,
        reason: Annotated[DeadLetterReason | None, Query()] = None,
        cursor: Annotated[str | None, Query(pattern=CURSOR)] = None,
    ) -> HTMLResponse:
        wanted = LetterFilter(None, reason.value if reason else None, place_of(cursor))
        asker = asker_of(request)
        return render(
            request,
            "system.html",
            state=await system_state(context),
            letters=await letter_page(context, wanted, LETTERS),
            reason=reason,
            cursor=cursor,
            lines=[summary.line for summary in await context.view.lines()],
            may=asker is not None and asker.may_act_as(Role.ENGINEER),
        )

    return routes
