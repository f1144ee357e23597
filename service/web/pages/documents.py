"""The documents for machines, served by the page itself: OpenAPI, AsyncAPI, JSON Schema."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from schemas.documents import asyncapi, json_schemas
from service.web.context import Context
from service.web.pages.render import Renderer
from service.web.problem import Problem

_SCHEMA = "application/schema+json"


def router(context: Context, render: Renderer) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.get("/docs")
    async def documents(request: Request) -> HTMLResponse:
        return render(request, "documents.html", section="", schemas=_titles())

    @routes.get("/docs/asyncapi.json", response_class=JSONResponse)
    async def topics() -> JSONResponse:
        return JSONResponse(asyncapi())

    @routes.get("/docs/schemas/{name}.json", response_class=JSONResponse)
    async def schema(name: str) -> JSONResponse:
        found = _schemas().get(name)
        if found is None:
            raise Problem(404, f"there is no schema {name[:64]}: /docs lists those that there are")
        return JSONResponse(found, media_type=_SCHEMA)

    return routes


@cache
def _schemas() -> Mapping[str, dict[str, Any]]:
    # A copy of its own: what is served must not change with what a caller does to it.
    made: dict[str, dict[str, Any]] = json.loads(json.dumps(json_schemas()))
    return made


def _titles() -> dict[str, str]:
    return {name: str(schema.get("description", "")).split(". ")[0] for name, schema in _schemas().items()}
