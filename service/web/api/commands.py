"""Commands: what a person asks of a line, and what became of it."""

from uuid import UUID

from fastapi import APIRouter, Request

from schemas.ids import LineId
from service.accounts.roles import Role
from service.store.errors import StoreError
from service.web.access.door import tell
from service.web.access.least import Asker, demand, require
from service.web.context import Context
from service.web.orders import Order
from service.web.problem import Problem
from service.web.shapes import Accepted, ApprovalRequest, CommandState


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
    async def order(line: LineId, order: Order, asker: Asker, request: Request) -> Accepted:
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
