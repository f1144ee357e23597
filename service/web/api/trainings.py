"""Trainings: a bank made of pictures of good parts, and what was told of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import BaseModel

from schemas.ids import SHA256_PATTERN, LineId
from service.accounts.roles import Role
from service.store.errors import StoreError
from service.training.report import TrainingReport
from service.web.access.least import Asker, require
from service.web.context import Context
from service.web.picture import picture_response
from service.web.problem import Problem
from service.web.shapes import Accepted, CommandState
from service.web.trainings import TrainingRequest

IMAGE: dict[int | str, dict[str, object]] = {200: {"description": "The image.", "content": {"image/*": {}}}}
BODY = {"requestBody": {"required": True, "content": {"image/*": {}, "application/octet-stream": {}}}}
ShaInPath = Annotated[str, Path(pattern=SHA256_PATTERN)]


class TrainingState(BaseModel):
    """What became of a training, and what it told of its bank."""

    command: CommandState
    report: TrainingReport | None = None


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/lines/{line}", tags=["trainings"], dependencies=[require(Role.ENGINEER)])

    @routes.post("/trainings", status_code=202, summary="Make a bank, without putting it in force")
    async def train(line: LineId, wanted: TrainingRequest, asker: Asker) -> Accepted:
        try:
            return await context.teaching.trainings.ask(line, wanted, asker.name)
        except StoreError as error:
            raise unanswered() from error

    @routes.get("/trainings/{command_id}", summary="What became of a training")
    async def training(line: LineId, command_id: UUID) -> TrainingState:
        return await training_state(context, line, command_id)

    @routes.delete("/trainings/{command_id}", status_code=202, summary="Cancel a training")
    async def cancel(line: LineId, command_id: UUID, asker: Asker) -> TrainingState:
        state = await training_state(context, line, command_id)
        try:
            await context.teaching.trainings.cancel(line, command_id, asker.name)
        except StoreError as error:
            raise unanswered() from error
        return state

    @routes.get(
        "/trainings/{command_id}/suspects/{sha256}.png",
        summary="Why a part is suspicious",
        response_class=Response,
        responses=IMAGE,
    )
    async def suspect(line: LineId, command_id: UUID, sha256: ShaInPath) -> Response:
        try:
            return picture_response(await context.teaching.trainings.drawing(line, command_id, sha256))
        except StoreError as error:
            raise unanswered() from error

    return routes


async def training_state(context: Context, line: str, command_id: UUID) -> TrainingState:
    """Raises ``Problem``: 404 for a command that is not known on the line, 503 when the store is silent."""
    state = await context.view.command(command_id)
    if state is None or state.line != line:
        raise Problem(404, f"training {command_id} is not known on line {line}: it may not have arrived yet")
    if state.status != "done":
        return TrainingState(command=state)
    try:
        report = await context.teaching.trainings.report(line, command_id)
    except StoreError as error:
        raise unanswered() from error
    return TrainingState(command=state, report=report)


def unanswered() -> Problem:
    """What to say when the store is silent."""
    return Problem(503, "the object store does not answer: try again in a moment")
