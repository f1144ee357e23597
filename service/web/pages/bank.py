"""The teach page of a line: the story of its bank, its parts, and what can be asked of it."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from schemas.ids import LineId
from service.accounts.roles import Role
from service.web.api.bank import bank_detail
from service.web.api.canaries import canary_items
from service.web.api.epochs import NEWEST
from service.web.api.lines import known_line
from service.web.context import Context
from service.web.pages.render import Renderer, asker_of
from service.web.problem import Problem
from service.web.shapes import BankDetail

EPOCHS = 20


def router(context: Context, render: Renderer) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get("/lines/{line}/bank")
    async def bank_page(
        request: Request, line: LineId, before: Annotated[int, Query(ge=1, le=NEWEST)] = NEWEST
    ) -> HTMLResponse:
        summary = await known_line(context, line)
        bank, trouble = await _bank(context, line) if summary.epoch else (None, "")
        return render(
            request,
            "bank.html",
            line=summary,
            bank=bank,
            trouble=trouble,
            story=await context.view.story(line, before, EPOCHS),
            before=before if before != NEWEST else None,
            canaries=await canary_items(context, line),
            may=_may_teach(request),
        )

    return routes


async def _bank(context: Context, line: str) -> tuple[BankDetail | None, str]:
    """The bank in force, or the sentence that says why it cannot be looked into: the story is told anyway."""
    try:
        return await bank_detail(context, line, None), ""
    except Problem as problem:
        return None, problem.detail


def _may_teach(request: Request) -> bool:
    asker = asker_of(request)
    return asker is not None and asker.may_act_as(Role.ENGINEER)
