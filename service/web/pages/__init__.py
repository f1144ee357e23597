"""The pages: rendered here, whole and readable without scripts; the scripts only keep them up to date.

A page is one file with a ``router(context, render)``, one template, one module in ``static/js/pages``.
Viewers may open it; one that asks for more declares that role itself.
"""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from service.accounts.roles import Role
from service.web.access.least import require
from service.web.context import Context
from service.web.pages import (
    bank,
    documents,
    login,
    new_line,
    password,
    review,
    system,
    threshold,
    users,
    wall,
)
from service.web.pages.render import Renderer

PAGES = (documents, wall, review, bank, threshold, new_line, system, users, password)


def pages_router(context: Context) -> APIRouter:
    """The routes of all pages."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    render = Renderer()
    routes.include_router(login.router(context, render))
    for page in PAGES:
        routes.include_router(page.router(context, render), dependencies=[require(Role.VIEWER)])
    return routes
