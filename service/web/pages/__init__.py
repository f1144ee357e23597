"""The pages: rendered here, whole and readable without scripts; the scripts only keep them up to date.

A page is one file with a ``router(context, render)``, one template, one module in ``static/js/pages``.
"""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from service.web.context import Context
from service.web.pages import review, wall
from service.web.pages.render import Renderer

PAGES = (wall, review)


def pages_router(context: Context) -> APIRouter:
    """The routes of all pages."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    render = Renderer()
    for page in PAGES:
        routes.include_router(page.router(context, render))
    return routes
