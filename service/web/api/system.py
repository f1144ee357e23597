"""The system: its programs, how far frames are read, what went wrong, what is kept and what that costs."""

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel

from schemas.ids import LineId
from schemas.line_event import LineEvent
from schemas.message import Moment
from service.accounts.roles import Role
from service.retention.report import RetentionReport
from service.telemetry.pulse import Pulse
from service.web.access.least import require
from service.web.context import Context

OUTAGES = 50


class PartitionState(BaseModel):
    """A partition of ``frames``; ``lines`` are those whose newest frames came from it."""

    partition: int
    lines: list[LineId]
    end: int
    committed: int | None
    lag: int


class SystemState(BaseModel):
    """``workers`` told of themselves in the last seconds; ``troubles`` say what could not be asked."""

    at: Moment
    workers: list[Pulse]
    partitions: list[PartitionState]
    outages: list[LineEvent]
    retention: RetentionReport | None
    troubles: list[str]


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["system"], dependencies=[require(Role.VIEWER)])

    @routes.get("/system", summary="Programs, lag, outages, and what is kept")
    async def system() -> SystemState:
        return await system_state(context)

    return routes


async def system_state(context: Context) -> SystemState:
    """What is known now. Waits for broker, Redis and store, and raises nothing of theirs."""
    state = await context.plant.state()
    outages, places = await context.view.outages(OUTAGES)
    return SystemState(
        at=datetime.now(UTC),
        workers=list(state.workers),
        partitions=[
            PartitionState(
                partition=one.partition,
                lines=sorted(places.get(one.partition, [])),
                end=one.end,
                committed=one.committed,
                lag=one.lag,
            )
            for one in state.partitions
        ],
        outages=list(outages),
        retention=state.retention,
        troubles=list(state.troubles),
    )
