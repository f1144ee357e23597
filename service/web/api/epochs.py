"""Epochs: how what is in force on a line came to be, and what two neighbours differ in."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from schemas.ids import LineId
from service.accounts.roles import Role
from service.banks.manifest import PartEntry
from service.web.access.least import require
from service.web.api.lines import known_line
from service.web.context import Context
from service.web.problem import Problem
from service.web.shapes import Epoch, EpochChange, EpochPage

NEWEST = 2**62


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/lines/{line}/epochs", tags=["banks"], dependencies=[require(Role.VIEWER)])

    @routes.get("", summary="The line's epochs, newest first, and what was refused")
    async def epochs(
        line: LineId,
        before: Annotated[int, Query(ge=1, le=NEWEST)] = NEWEST,
        limit: Annotated[int, Query(ge=1, le=200)] = 20,
    ) -> EpochPage:
        await known_line(context, line)
        return await context.view.story(line, before, limit)

    @routes.get("/{epoch}/change", summary="The parts that an epoch's bank has more and less than the last")
    async def change(line: LineId, epoch: Annotated[int, Path(ge=1, le=NEWEST)]) -> EpochChange:
        return await changed_by(context, line, epoch)

    return routes


async def changed_by(context: Context, line: str, epoch: int) -> EpochChange:
    """Raises ``Problem``: 404 for an epoch that there is none of, and as ``BankBooks.of`` does."""
    await known_line(context, line)
    found = (await context.view.story(line, epoch + 1, 2)).epochs
    if not found or found[0].epoch != epoch:
        raise Problem(404, f"line {line} has no epoch {epoch}: see /v1/lines/{line}/epochs")
    now = await _parts(context, found[0])
    before = await _parts(context, found[1]) if len(found) > 1 else {}
    return EpochChange(
        epoch=epoch,
        added=[entry for sha, entry in now.items() if sha not in before],
        removed=[entry for sha, entry in before.items() if sha not in now],
    )


async def _parts(context: Context, epoch: Epoch) -> dict[str, PartEntry]:
    made = epoch.activation
    if made is None:
        raise Problem(409, f"epoch {epoch.epoch} cannot be read: its record is spoilt or not trusted")
    book = await context.books.of(made.line, made.model, made.version, made.size_bytes)
    return {entry.sha256: entry for entry in book.manifest.parts}
