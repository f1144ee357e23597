"""The system: its programs, how far frames are read, what went wrong, what is kept and what that costs."""

from collections.abc import Sequence
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
from service.web.plant_state import PartitionLag
from service.web.view.places import Place

OUTAGES = 50


class PartitionState(BaseModel):
    """A partition of ``frames``; ``lines`` are those whose newest frames came from it."""

    partition: int
    lines: list[LineId]
    end: int
    committed: int | None
    lag: int


class LineLag(BaseModel):
    """How far inspection of a line is behind. ``waiting``: the frames that wait in the partitions its newest
    frames came from, so at most so many of its own, as lines share partitions; None when the broker does not
    say. ``behind_ms``: from the arrival of its newest judged frame at the broker to that frame's verdict."""

    line: LineId
    partitions: list[int]
    waiting: int | None
    behind_ms: float | None


class SystemState(BaseModel):
    """``workers`` told of themselves in the last seconds; ``lines`` are those with verdicts, the furthest
    behind first; ``troubles`` say what could not be asked."""

    at: Moment
    workers: list[Pulse]
    partitions: list[PartitionState]
    lines: list[LineLag]
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
    outages, places = await context.view.outages(OUTAGES), await context.view.places()
    return SystemState(
        at=datetime.now(UTC),
        workers=list(state.workers),
        partitions=[
            PartitionState(
                partition=one.partition,
                lines=[place.line for place in places if one.partition in place.partitions],
                end=one.end,
                committed=one.committed,
                lag=one.lag,
            )
            for one in state.partitions
        ],
        lines=line_lags(places, state.partitions),
        outages=list(outages),
        retention=state.retention,
        troubles=list(state.troubles),
    )


def line_lags(places: Sequence[Place], partitions: Sequence[PartitionLag]) -> list[LineLag]:
    """How far each line is behind, the furthest first, then by name."""
    lags = {one.partition: one.lag for one in partitions}
    found = [
        LineLag(
            line=place.line,
            partitions=list(place.partitions),
            waiting=sum(lags.get(number, 0) for number in place.partitions) if partitions else None,
            behind_ms=place.behind_ms,
        )
        for place in places
    ]
    return sorted(found, key=lambda lag: (-(lag.waiting or 0), lag.line))
