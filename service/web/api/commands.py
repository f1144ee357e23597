"""Commands: what a person asks of a line, and what became of it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Request

from schemas.ids import LineId
from service.accounts.roles import Role
from service.store.errors import StoreError
from service.web.access.door import tell
from service.web.access.least import Asker, demand, require
from service.web.context import Context
from service.web.orders import Order
from service.web.problem import Problem
from service.web.shapes import Accepted, ApprovalRequest, CommandState

VERSION = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
EXAMPLES: tuple[dict[str, Any], ...] = (
    {"kind": "ConfirmDefect", "frame": "part-17", "why": "a scratch"},
    {"kind": "RetireCanary", "frame": "part-17"},
    {"kind": "RemovePart", "model": "default", "part": VERSION},
    {"kind": "Rebuild", "why": "the lamp was changed"},
    {"kind": "Activate", "model": "default", "version": VERSION},
    {"kind": "Rollback", "to_epoch": 3},
    {"kind": "SetFalseAlarmRate", "alpha": 0.01, "review_alpha": 0.05, "based_on_epoch": 4},
    {"kind": "SetMaintenance", "end": "2026-01-31T14:00:00Z", "why": "new lamp"},
)
ORDERS = Body(openapi_examples={each["kind"]: {"value": each} for each in EXAMPLES})


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["commands"])
    operator = [require(Role.OPERATOR)]

    @routes.post(
        "/lines/{line}/approvals", status_code=202, summary="Approve parts as good", dependencies=operator
    )
    async def approve(line: LineId, asked: ApprovalRequest, asker: Asker, request: Request) -> Accepted:
        try:
            accepted = await context.approvals.approve(
                line, asked.frames, asked.why, asker.name, audit=asked.audit
            )
        except StoreError as error:
            raise Problem(503, "the object store does not answer: approve again in a moment") from error
        tell(request, f"ApproveGood {accepted.command_id}")
        return accepted

    @routes.post(
        "/lines/{line}/commands", status_code=202, summary="Ask something of a line", dependencies=operator
    )
    async def order(
        line: LineId, order: Annotated[Order, ORDERS], asker: Asker, request: Request
    ) -> Accepted:
        await demand(request, order.least)
        try:
            accepted = await context.orders.give(line, order, asker.name)
        except StoreError as error:
            raise Problem(503, "the object store does not answer: ask again in a moment") from error
        tell(request, f"{order.kind} {accepted.command_id}")
        return accepted

    @routes.get(
        "/commands/{command_id}", summary="What became of a command", dependencies=[require(Role.VIEWER)]
    )
    async def command(command_id: UUID) -> CommandState:
        state = await context.view.command(command_id)
        if state is None:
            raise Problem(404, f"command {command_id} is not known: it may not have reached the page yet")
        return state

    return routes
