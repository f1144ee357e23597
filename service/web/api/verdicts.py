"""Verdicts: the list, newest first, walked by cursor so that new ones open no gap."""

from typing import Annotated

from fastapi import APIRouter, Query

from schemas.ids import LineId
from schemas.reasons import VerdictKind
from service.accounts.roles import Role
from service.web.access.least import require
from service.web.context import Context
from service.web.problem import Problem
from service.web.shapes import VerdictPage
from service.web.view.verdicts import Cursor, Filter


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["verdicts"], dependencies=[require(Role.VIEWER)])

    @routes.get("/verdicts", summary="Verdicts, newest first")
    async def verdicts(
        line: Annotated[LineId | None, Query()] = None,
        verdict: Annotated[list[VerdictKind], Query(description="give it again for more kinds")] = [],  # noqa: B006
        cursor: Annotated[str | None, Query(max_length=60)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> VerdictPage:
        return await context.view.page(Filter(line, tuple(verdict)), parse_cursor(cursor), limit)

    return routes


def parse_cursor(text: str | None) -> Cursor | None:
    """The cursor of a request; raises ``Problem`` 422 for one that is none of ours."""
    try:
        return Cursor.parse(text) if text else None
    except ValueError as error:
        raise Problem(422, str(error)) from error
