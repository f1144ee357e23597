"""The wizard: from pictures of good parts to a bank in force."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from schemas.ids import LineId
from schemas.reasons import VerdictKind
from service.accounts.roles import Role
from service.patchcore.recipes import DEFAULT, RECIPES
from service.training.gathering import FEWEST
from service.web.access.least import require
from service.web.context import Context
from service.web.pages.render import Renderer
from service.web.uploads import MAX_PICTURES
from service.web.view.verdicts import Filter

# So many of the newest frames of a line without a bank can be picked.
WAITING = 200


def router(context: Context, render: Renderer) -> APIRouter:
    """The route."""
    routes = APIRouter(dependencies=[require(Role.ENGINEER)])

    @routes.get("/new-line")
    async def new_line_page(request: Request, line: Annotated[LineId | None, Query()] = None) -> HTMLResponse:
        lines = await context.view.lines()
        waiting = []
        if line is not None:
            found = await context.view.page(Filter(line, (VerdictKind.FAULT, VerdictKind.OK)), None, WAITING)
            waiting = [item for item in found.verdicts if item.frame_url]
        return render(
            request,
            "new_line.html",
            chosen=line,
            waiting=waiting,
            without=[one for one in lines if not one.epoch],
            recipes=RECIPES,
            default=DEFAULT.name,
            fewest=FEWEST,
            most=MAX_PICTURES,
        )

    return routes
