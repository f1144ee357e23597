"""Alerts: in groups, with what people did about them. The topic ``alerts`` has every one of them."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from schemas.ids import LineId
from service.accounts.roles import Role
from service.web.access.least import Asker, require
from service.web.api.lines import known_line
from service.web.context import Context
from service.web.shapes import LineAlerts

A_DAY = 24 * 60


class SnoozeRequest(BaseModel):
    """For how many minutes nobody is told of the line's alerts; 0 ends it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"minutes": 30, "why": "the lamp is being changed"}]}
    )

    minutes: float = Field(ge=0, le=A_DAY)
    why: str = Field(default="", max_length=1000)


class ClosingRequest(BaseModel):
    """Why the alerts need no more attention."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "one scratched tray"}]})

    why: str = Field(min_length=1, max_length=1000)


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/lines/{line}/alerts", tags=["alerts"])
    operator = [require(Role.OPERATOR)]

    @routes.get("", summary="A line's alerts in groups, newest first", dependencies=[require(Role.VIEWER)])
    async def alerts(line: LineId) -> LineAlerts:
        await known_line(context, line)
        return context.alerts.state(line)

    @routes.post("/snooze", summary="Tell nobody of a line's alerts for a while", dependencies=operator)
    async def snooze(line: LineId, request: SnoozeRequest, asker: Asker) -> LineAlerts:
        await known_line(context, line)
        return await context.alerts.snooze(line, request.minutes, request.why, asker.name)

    @routes.post("/{group_id}/close", summary="Close a group of alerts, with a reason", dependencies=operator)
    async def close(line: LineId, group_id: UUID, request: ClosingRequest, asker: Asker) -> LineAlerts:
        return await context.alerts.close(line, group_id, request.why, asker.name)

    return routes
