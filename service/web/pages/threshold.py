"""The threshold page of a line: two rates, and what others would change."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from schemas.ids import LineId
from service.accounts.roles import Role
from service.web.api.lines import known_line
from service.web.api.thresholds import preview_of, threshold_facts
from service.web.context import Context
from service.web.pages.render import Renderer, asker_of
from service.web.problem import Problem

FRAMES = 500


def router(context: Context, render: Renderer) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get("/lines/{line}/threshold")
    async def threshold_page(request: Request, line: LineId) -> HTMLResponse:
        summary = await known_line(context, line)
        asker = asker_of(request)
        may = asker is not None and asker.may_act_as(Role.ENGINEER)
        values: dict[str, object] = {"line": summary, "may": may, "frames": FRAMES}
        try:
            facts = await threshold_facts(context, line, FRAMES)
        except Problem as problem:
            return render(request, "threshold.html", facts=None, trouble=problem.detail, **values)
        preview = preview_of(facts, facts.thresholds.wished_alpha, facts.thresholds.review_alpha)
        return render(request, "threshold.html", facts=facts, preview=preview, trouble="", **values)

    return routes
