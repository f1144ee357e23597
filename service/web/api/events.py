"""The live stream: server-sent events of verdicts, summaries and line events."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from sse_starlette import EventSourceResponse, ServerSentEvent

from schemas.ids import LineId
from service.accounts.roles import Role
from service.web.access.least import require
from service.web.context import Context
from service.web.hub import Hub, HubFull
from service.web.problem import Problem

PING_SECONDS = 15
# A browser that takes nothing for so long is gone, or has been suspended: it connects again by itself.
SEND_SECONDS = 20.0
RETRY_MS = 2000
STREAM: dict[int | str, dict[str, object]] = {
    200: {
        "description": "Events `verdict` (Verdict), `line` (LineSummary), `line-event` (LineEvent), and "
        "`reload` to a reader that fell behind, whose stream ends there.",
        "content": {"text/event-stream": {}},
    }
}


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["events"], dependencies=[require(Role.VIEWER)])

    @routes.get("/events", summary="What is new, live", response_class=EventSourceResponse, responses=STREAM)
    async def events(line: Annotated[LineId | None, Query()] = None) -> EventSourceResponse:
        try:
            context.hub.require_room()
        except HubFull as error:
            raise Problem(503, str(error)) from error
        return EventSourceResponse(_walk(context.hub, line), ping=PING_SECONDS, send_timeout=SEND_SECONDS)

    return routes


async def _walk(hub: Hub, line: str | None) -> AsyncIterator[ServerSentEvent]:
    with hub.subscribe(line) as subscriber:
        yield ServerSentEvent(comment="patchline", retry=RETRY_MS)
        async for event in subscriber:
            yield ServerSentEvent(data=event.data, event=event.name)
