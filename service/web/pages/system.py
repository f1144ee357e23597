"""The system page: what runs, what waits, what went wrong, what could not be read, and who changed what."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse
from pydantic import Field
from starlette.requests import Request

from schemas.reasons import DeadLetterReason
from service.accounts.audit import Action, Wanted
from service.accounts.roles import Role
from service.web.api.audit import PLACES, AuditPage, audit_page
from service.web.api.dead_letters import CURSOR, letter_page, place_of
from service.web.api.system import system_state
from service.web.context import Context
from service.web.cursor import LONGEST
from service.web.pages.form import Empty
from service.web.pages.render import Renderer, asker_of
from service.web.view.letters import LetterFilter

LETTERS = 24
AUDIT_ROWS = 25
Name = Annotated[str, Field(max_length=64)]


@dataclass(frozen=True, slots=True)
class AuditAsked:
    """Which rows of the audit a request asks to see; ``before`` is a cursor of the list."""

    actor: str | None
    action: Action | None
    before: str | None

    @property
    def query(self) -> str:
        """The filter as the query of an address."""
        values = {"actor": self.actor, "action": self.action and self.action.value}
        return urlencode({name: value for name, value in values.items() if value is not None})


def audit_asked(
    actor: Annotated[Name | None, Empty, Query()] = None,
    action: Annotated[Action | None, Empty, Query()] = None,
    before: Annotated[str | None, Query(max_length=LONGEST)] = None,
) -> AuditAsked:
    """What the request asks to see."""
    return AuditAsked(actor.strip() or None if actor else None, action, before)


def router(context: Context, render: Renderer) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get("/system")
    async def system_page(
        request: Request,
        asked: Annotated[AuditAsked, Depends(audit_asked)],
        reason: Annotated[DeadLetterReason | None, Query()] = None,
        cursor: Annotated[str | None, Query(pattern=CURSOR)] = None,
    ) -> HTMLResponse:
        wanted = LetterFilter(None, reason.value if reason else None, place_of(cursor))
        asker = asker_of(request)
        may = asker is not None and asker.may_act_as(Role.ENGINEER)
        return render(
            request,
            "system.html",
            state=await system_state(context),
            letters=await letter_page(context, wanted, LETTERS),
            reason=reason,
            cursor=cursor,
            lines=[summary.line for summary in await context.view.lines()],
            may=may,
            asked=asked,
            actions=list(Action),
            audit=await _audit(context, asked) if may else None,
        )

    return routes


async def _audit(context: Context, asked: AuditAsked) -> AuditPage:
    wanted = Wanted(asked.actor, asked.action, PLACES.read(asked.before))
    return await audit_page(context.reception, wanted, AUDIT_ROWS)
