"""The log-in page: the only one that is shown to who is not known."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response
from starlette.requests import Request

from service.web.context import Context
from service.web.pages.render import Renderer, asker_of


def router(context: Context, render: Renderer) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get("/login", response_model=None)
    async def login_page(
        request: Request, wanted: Annotated[str, Query(alias="next", max_length=2000)] = "/"
    ) -> Response:
        if asker_of(request) is not None:
            return RedirectResponse(own_path(wanted), 303)
        return render(request, "login.html", wanted=own_path(wanted))

    return routes


def own_path(wanted: str) -> str:
    """A path of this page; the first page in place of anything that leads elsewhere."""
    ours = wanted.startswith("/") and wanted[1:2] not in ("/", "\\") and wanted.isprintable()
    return wanted if ours else "/"
