"""The application: pages, API and static files behind one guard."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from service.accounts.roles import Role
from service.web.access.door import Door
from service.web.access.least import require
from service.web.api.router import api_router
from service.web.context import Context
from service.web.guard import Guard
from service.web.pages import pages_router
from service.web.pages.render import Renderer
from service.web.problem import Problem, problem_of, problem_response

STATIC = Path(__file__).parent / "static"
# The interactive documents come from a CDN; the OpenAPI document has a route of its own, with a role.
NO_DOCUMENTS: dict[str, Any] = {"openapi_url": None, "docs_url": None, "redoc_url": None}
ANSWERED = (Problem, HTTPException, RequestValidationError, Exception)


class _Static(StaticFiles):
    """Files that a browser asks about each time, so that an upgrade is seen at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def create_app(context: Context, *, version: str) -> FastAPI:
    """The application over a running view. Its middleware, from the outside: the guard, then the door."""
    app = FastAPI(title="Patchline", version=version, redirect_slashes=False, **NO_DOCUMENTS)
    app.include_router(_described_by(app))
    app.include_router(api_router(context))
    app.include_router(pages_router(context))
    app.mount("/static", _Static(directory=STATIC), name="static")
    for kind in ANSWERED:
        app.add_exception_handler(kind, _answer)
    app.add_middleware(Door, reception=context.reception, public_url=context.public_url)
    app.add_middleware(Guard, public_url=context.public_url)
    return app


def _described_by(app: FastAPI) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/openapi.json", dependencies=[require(Role.VIEWER)])
    async def described() -> JSONResponse:
        return JSONResponse(app.openapi())

    return routes


async def _answer(request: Request, error: Exception) -> Response:
    """A problem to machines, the same sentence as a page to people."""
    problem = problem_of(request, error)
    machine = request.url.path.startswith(("/v1/", "/static/"))
    if machine or "text/html" not in request.headers.get("accept", ""):
        return problem_response(problem)
    return Renderer().refusal(request, problem.status, problem.detail)
