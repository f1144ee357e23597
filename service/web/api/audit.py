"""The audit: who changed what, who logged in, and who was refused; as a list, and as CSV."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from schemas.message import Moment
from service.accounts.audit import Action, Entry, Wanted
from service.accounts.roles import Role
from service.web.access.least import require
from service.web.access.reception import Reception
from service.web.context import Context
from service.web.cursor import Cursors, CursorText, Limit
from service.web.spreadsheet import csv_rows

ROWS = 500
COLUMNS = ("at", "actor", "action", "subject", "detail", "address", "times")
PLACES = Cursors("audit", TypeAdapter(Annotated[int, Field(ge=1, lt=2**62)]))
FILE: dict[int | str, dict[str, object]] = {200: {"description": "A file.", "content": {"text/csv": {}}}}

OfActor = Annotated[str | None, Query(max_length=64, description="only what this user did")]
OfAction = Annotated[Action | None, Query(description="only this")]


class AuditEntry(BaseModel):
    """One row. ``actor`` is empty where nobody was known; ``times`` counts a refusal that was repeated
    within a minute."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "at": "2026-01-31T12:00:00Z",
                    "actor": "anna",
                    "action": "changed",
                    "subject": "POST /v1/lines/line1/commands",
                    "detail": "Rebuild 6f9619ff-8b86-4011-b42d-00c04fc964ff",
                    "address": "10.0.0.7",
                    "times": 1,
                }
            ]
        }
    )

    at: Moment
    actor: str
    action: Action
    subject: str
    detail: str
    address: str
    times: int


class AuditPage(BaseModel):
    """Rows, newest first. ``next_cursor`` goes on with older ones; None at the end."""

    entries: list[AuditEntry]
    next_cursor: str | None = None


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["audit"], dependencies=[require(Role.ENGINEER)])
    reception = context.reception

    @routes.get("/audit", summary="Who did what, newest first")
    async def audit(
        actor: OfActor = None, action: OfAction = None, cursor: CursorText = None, limit: Limit = 50
    ) -> AuditPage:
        return await audit_page(reception, Wanted(actor, action, PLACES.read(cursor)), limit)

    @routes.get("/audit.csv", summary="The same as a file", response_class=StreamingResponse, responses=FILE)
    async def as_csv(actor: OfActor = None, action: OfAction = None) -> StreamingResponse:
        name = {"Content-Disposition": 'attachment; filename="patchline-audit.csv"'}
        rows = _rows(reception, Wanted(actor, action))
        return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=name)

    return routes


async def audit_page(reception: Reception, wanted: Wanted, limit: int) -> AuditPage:
    """The newest rows that are meant. Raises ``Problem`` 503 where the accounts cannot be read."""
    found = await reception.ask(lambda: reception.accounts.audit(wanted, limit + 1))
    more = found[limit - 1].id if len(found) > limit else None
    return AuditPage(entries=[_entry(entry) for entry in found[:limit]], next_cursor=PLACES.write(more))


async def _rows(reception: Reception, wanted: Wanted) -> AsyncIterator[bytes]:
    """Page by page, so that memory is bounded."""
    yield csv_rows([COLUMNS])
    while True:
        asked = wanted
        found = await reception.ask(lambda: reception.accounts.audit(asked, ROWS))  # noqa: B023
        yield csv_rows(_entry(entry).model_dump(mode="json").values() for entry in found)
        if len(found) < ROWS:
            return
        wanted = replace(wanted, before=found[-1].id)


def _entry(entry: Entry) -> AuditEntry:
    deed = entry.deed
    return AuditEntry(
        at=datetime.fromtimestamp(entry.at, UTC),
        actor=deed.actor,
        action=deed.action,
        subject=deed.subject,
        detail=deed.detail,
        address=deed.address,
        times=entry.times,
    )
