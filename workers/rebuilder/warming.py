"""Warm banks: those in force are made ready to learn before anybody asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from service.banks.source import BankUnavailable
from service.store import StoreError
from service.stream.base import StreamError
from workers.rebuilder.extraction import Extraction
from workers.rebuilder.gatekeeper import Gatekeeper
from workers.rebuilder.in_force import InForce
from workers.rebuilder.job import CommandRefused
from workers.rebuilder.models import Models

_PAUSE_SECONDS = 2.0
_log = structlog.get_logger()


@asynccontextmanager
async def kept_warm(
    in_force: InForce, models: Models, gatekeeper: Gatekeeper, extraction: Extraction
) -> AsyncIterator[None]:
    """While the block runs: the extraction worker is started, and what comes into force is fetched, one bank
    at a time and for as long as memory has room, the lines that changed last first."""
    task = asyncio.create_task(_follow(in_force, models, gatekeeper, extraction), name="warming up")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _follow(in_force: InForce, models: Models, gatekeeper: Gatekeeper, extraction: Extraction) -> None:
    await extraction.warm()
    tried: set[str] = set()
    while True:
        try:
            for line in await in_force.lines():
                await _warm(line, in_force, models, gatekeeper, tried)
        except (BankUnavailable, StoreError, StreamError) as error:
            _log.info("banks not warmed up", cause=str(error))
        await asyncio.sleep(_PAUSE_SECONDS)


async def _warm(
    line: str, in_force: InForce, models: Models, gatekeeper: Gatekeeper, tried: set[str]
) -> None:
    try:
        active = (await in_force.standing(line)).require()
        if active.version not in tried and not models.full:
            tried.add(active.version)
            taught = await models.taught(line, active.model, active.version, active.size_bytes)
            await gatekeeper.watched(taught)
    except CommandRefused as refused:
        # Whoever sends a command is told.
        _log.info("bank not warmed up", line=line, cause=str(refused))
