"""Trainings: pictures that were uploaded or received become a command that makes a bank of them."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from schemas.command import PictureRef, TrainLine
from schemas.ids import ModelName
from service.patchcore.recipes import RECIPES
from service.store import MissingObject, ObjectStore
from service.store.keys import training_key
from service.training.report import TrainingReport
from service.web.command_log import CommandLog
from service.web.frame_names import FrameNames
from service.web.problem import Problem
from service.web.shapes import Accepted
from service.web.uploads import MAX_PICTURES, Uploads

EXAMPLE: JsonDict = {
    "model": "default",
    "pictures": [{"sha256": "0" * 64, "name": "part-1.jpg"}],
    "alpha": 0.01,
}


class TrainingRequest(BaseModel):
    """What a bank is to be made of: uploaded pictures by sha256, frames of the line by frame id or
    frame_uid."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    model: ModelName = "default"
    pictures: list[PictureRef] = Field(default=[], max_length=MAX_PICTURES)
    frames: list[str] = Field(default=[], max_length=MAX_PICTURES)
    recipe: str | None = Field(default=None, max_length=32)
    alpha: float = Field(default=0.01, gt=0, lt=1)
    why: str = Field(default="", max_length=1000)


class Trainings:
    """Asks for trainings, and knows what they left. Raises ``StoreError`` beside ``Problem``."""

    def __init__(self, names: FrameNames, uploads: Uploads, log: CommandLog, store: ObjectStore) -> None:
        self._names, self._uploads, self._log, self._store = names, uploads, log, store

    async def ask(self, line: str, wanted: TrainingRequest, actor: str) -> Accepted:
        """Write the command, in a person's name. Raises ``Problem``: 404 for pictures that are not stored,
        422 for no pictures or a recipe that there is none of, as ``FrameNames.usable`` for frames, 503 when
        the broker does not answer."""
        if not wanted.pictures and not wanted.frames:
            raise Problem(422, "a bank of nothing cannot be made: name uploaded pictures, frames, or both")
        if wanted.recipe not in (None, *RECIPES):
            raise Problem(422, f"no recipe is called {wanted.recipe!r}: choose from {', '.join(RECIPES)}")
        missing = await self._uploads.missing(line, [picture.sha256 for picture in wanted.pictures])
        if missing:
            raise Problem(404, f"picture {missing[0][:12]} is not stored: upload it first", pictures=missing)
        frames = await self._names.usable(line, wanted.frames) if wanted.frames else ()
        command = TrainLine(
            model=wanted.model,
            pictures=tuple(wanted.pictures),
            frames=frames,
            recipe=wanted.recipe,
            alpha=wanted.alpha,
            **self._log.stamp(line, wanted.why, actor),
        )
        return await self._log.write(command)

    async def cancel(self, line: str, command_id: UUID, actor: str) -> None:
        """Ask that a training ends; one that has ended stays as it is."""
        await self._store.put(training_key(line, command_id, "cancelled"), actor.encode())

    async def report(self, line: str, command_id: UUID) -> TrainingReport | None:
        """What a training told of its bank; None before it has ended well."""
        try:
            data = await self._store.get(training_key(line, command_id, "report.json"))
        except MissingObject:
            return None
        return TrainingReport.model_validate_json(data)

    async def drawing(self, line: str, command_id: UUID, sha256: str) -> bytes:
        """Why a part is suspicious, as a PNG. Raises ``Problem`` 404 where there is none."""
        try:
            return await self._store.get(training_key(line, command_id, f"{sha256}.png"))
        except MissingObject as error:
            raise Problem(404, f"no drawing of part {sha256[:12]} was made by this training") from error
