"""The bank of a line: its parts with their pictures, and how held-out good parts score."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from schemas.activation import Activated, Published
from schemas.ids import SHA256_PATTERN, LineId, ModelName, Version
from service.accounts.roles import Role
from service.store.errors import MissingObject, StoreError
from service.store.keys import part_key
from service.web.access.least import require
from service.web.api.lines import known_line
from service.web.context import Context
from service.web.picture import picture_response
from service.web.problem import Problem
from service.web.shapes import BankDetail, BankPart

IMAGE: dict[int | str, dict[str, object]] = {200: {"description": "The image.", "content": {"image/*": {}}}}
PartInPath = Annotated[str, Path(pattern=SHA256_PATTERN)]
Etag = Annotated[str | None, Header(alias="if-none-match", max_length=200)]


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/lines/{line}", tags=["banks"], dependencies=[require(Role.VIEWER)])

    @routes.get("/bank", summary="A bank and its parts", responses={304: {"description": "Unchanged."}})
    async def bank(
        line: LineId,
        response: Response,
        version: Annotated[Version | None, Query(description="the one in force when left out")] = None,
        known: Etag = None,
    ) -> BankDetail:
        detail = await bank_detail(context, line, version)
        etag = f'"{detail.version}-{detail.epoch or 0}"'
        response.headers["ETag"], response.headers["Cache-Control"] = etag, "private, no-cache"
        if known == etag:
            response.status_code = 304
        return detail

    @routes.get("/parts/{sha256}", summary="The picture of a part", response_class=Response, responses=IMAGE)
    async def part(
        line: LineId, sha256: PartInPath, model: Annotated[ModelName, Query()] = "default"
    ) -> Response:
        try:
            data = await context.store.get(part_key(line, model, sha256), max_bytes=context.max_frame_bytes)
        except MissingObject as error:
            raise Problem(
                404, f"model {model} of line {line} has no part {sha256[:12]}: see /v1/lines/{line}/bank"
            ) from error
        except StoreError as error:
            raise Problem(503, "the object store does not give the picture: try again in a moment") from error
        return picture_response(data)

    return routes


async def bank_detail(context: Context, line: str, version: str | None) -> BankDetail:
    """A version's parts and scores, of the bank in force without one. Raises ``Problem``: 404 for a line
    or version that is not known, and as ``BankBooks.of`` does."""
    summary = await known_line(context, line)
    active = await context.view.in_force(line)
    named: Activated | Published | None = active
    if version is not None and (active is None or active.version != version):
        named = await context.view.published(line, version)
    if named is None:
        raise Problem(
            404,
            f"line {line} has no bank{'' if version is None else f' {version[:12]}'}: train one from good "
            f"parts, or see /v1/lines/{line}/epochs",
        )
    book = await context.books.of(named.line, named.model, named.version, named.size_bytes)
    in_force = active is not None and active.version == named.version
    manifest = book.manifest
    return BankDetail(
        line=line,
        model=named.model,
        version=named.version,
        epoch=summary.epoch if in_force else None,
        thresholds=active.thresholds if in_force and active is not None else None,
        vectors=book.vectors,
        size_bytes=book.size_bytes,
        selection_radius=manifest.selection_radius,
        coverage_radius=manifest.coverage_radius,
        recipe=manifest.recipe.name,
        backbone=manifest.backbone,
        precision=manifest.precision,
        grid=manifest.grid,
        scores=book.scores,
        parts=tuple(
            BankPart(**entry.model_dump(), vectors=count)
            for entry, count in zip(manifest.parts, book.part_vectors, strict=True)
        ),
    )
