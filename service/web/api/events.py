"""The live stream: server-sent events of verdicts, summaries and line events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import lru_cache
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sse_starlette import EventSourceResponse, ServerSentEvent

from schemas.ids import LineId
from service.accounts.principal import Principal
from service.accounts.roles import Role
from service.web.access.least import Asker, require
from service.web.access.reception import Reception
from service.web.context import Context
from service.web.hub import QUEUE_EVENTS, USUAL, Event, HubFull, Subscriber
from service.web.problem import Problem

PING_SECONDS = 15
Name = Literal["verdict", "line", "line-event", "claims", "answer", "tile"]
# A browser that takes nothing for so long is gone, or has been suspended: it connects again by itself.
SEND_SECONDS = 20.0
RETRY_MS = 2000
# What is told waits so long for what comes after: to write is what a reader costs, not how much.
TOGETHER_SECONDS = 0.2
# So long may a stream outlive the session or the token that it came with.
ADMITTED_SECONDS = 5.0
STREAM: dict[int | str, dict[str, object]] = {
    200: {
        "description": "Events `verdict` (Verdict), `line` (LineSummary), `line-event` (LineEvent), `answer` "
        "(what somebody said of parts, or took back), `claims` (which parts are being answered), on request "
        "`tile` (a line's piece of the wall, as HTML), and `reload` to a reader that fell behind, whose "
        "stream ends there.",
        "content": {"text/event-stream": {}},
    }
}


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["events"], dependencies=[require(Role.VIEWER)])

    @routes.get("/events", summary="What is new, live", response_class=EventSourceResponse, responses=STREAM)
    async def events(
        asker: Asker,
        line: Annotated[LineId | None, Query()] = None,
        only: Annotated[list[Name], Query(description="names of events; all but `tile` without")] = [],  # noqa: B006
    ) -> EventSourceResponse:
        try:
            context.hub.require_room()
        except HubFull as error:
            raise Problem(503, str(error)) from error
        walk = _walk(context, line, frozenset(only) or USUAL, asker)
        return EventSourceResponse(walk, ping=PING_SECONDS, send_timeout=SEND_SECONDS)

    return routes


async def _walk(
    context: Context, line: str | None, names: frozenset[str], asker: Principal
) -> AsyncIterator[ServerSentEvent | bytes]:
    with context.hub.subscribe(line, names) as subscriber:
        watching = asyncio.create_task(_close_when_out(context.reception, asker, subscriber))
        try:
            yield ServerSentEvent(comment="patchline", retry=RETRY_MS)
            async for events in subscriber:
                yield b"".join(_encoded(event) for event in events)
                await asyncio.sleep(TOGETHER_SECONDS)
        finally:
            watching.cancel()


@lru_cache(maxsize=QUEUE_EVENTS)
def _encoded(event: Event) -> bytes:
    """Once for all who watch."""
    return ServerSentEvent(data=event.data, event=event.name).encode()


async def _close_when_out(reception: Reception, asker: Principal, subscriber: Subscriber) -> None:
    """End the walk of somebody who would not be let in again; accounts that do not answer let nobody in."""
    with suppress(Problem):
        while await reception.still(asker):  # noqa: ASYNC110 - the file signals nothing
            await asyncio.sleep(ADMITTED_SECONDS)
    subscriber.close()
