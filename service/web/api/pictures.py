"""Pictures of good parts: uploaded one by one, each as the body of a request."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from schemas.ids import SHA256_PATTERN, LineId, Version
from service.accounts.roles import Role
from service.store.errors import StoreError
from service.web.access.least import require
from service.web.api.trainings import unanswered
from service.web.context import Context
from service.web.picture import picture_response

IMAGE: dict[int | str, dict[str, object]] = {200: {"description": "The image.", "content": {"image/*": {}}}}
BODY = {"requestBody": {"required": True, "content": {"image/*": {}, "application/octet-stream": {}}}}


class UploadedPicture(BaseModel):
    """A picture that is stored for a training."""

    sha256: Version
    name: str
    size_bytes: int
    width: int
    height: int
    format: str


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/lines/{line}", tags=["trainings"], dependencies=[require(Role.ENGINEER)])

    @routes.post("/pictures", status_code=201, summary="Upload a picture of a good part", openapi_extra=BODY)
    async def upload(
        line: LineId, request: Request, name: Annotated[str, Query(max_length=256)] = ""
    ) -> UploadedPicture:
        try:
            kept = await context.teaching.uploads.keep(line, request.stream())
        except StoreError as error:
            raise unanswered() from error
        return UploadedPicture(
            sha256=kept.sha256,
            name=_printable(name) or kept.sha256[:12],
            size_bytes=kept.size_bytes,
            width=kept.header.width,
            height=kept.header.height,
            format=kept.header.format,
        )

    @routes.get("/pictures/{sha256}", summary="An uploaded picture", response_class=Response, responses=IMAGE)
    async def picture(line: LineId, sha256: Annotated[str, Path(pattern=SHA256_PATTERN)]) -> Response:
        try:
            return picture_response(await context.teaching.uploads.get(line, sha256))
        except StoreError as error:
            raise unanswered() from error

    return routes


def _printable(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable())
