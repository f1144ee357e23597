"""Templates become answers: everything is escaped, an unknown name fails, and no page is kept by a cache."""

from functools import cache
from http import HTTPStatus
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from schemas.reasons import FaultReason, VerdictKind
from service.accounts.principal import Principal
from service.web.hour_chart import hour_chart
from service.web.pages.navigation import LINE_TABS, SECTIONS
from service.web.words import FILTERS

TEMPLATES = Path(__file__).parent.parent / "templates"
THEME_COOKIE = "theme"
THEMES = ("light", "dark")
# The heatmap's colours, from score 0 to twice the threshold: OpenCV's inferno in sixteen steps.
INFERNO = (
    *("#000004", "#0c0826", "#240c4f", "#420a68", "#5d126e", "#781c6d", "#932667", "#ae305c"),
    *("#c73e4c", "#dd513a", "#ed6925", "#f8850f", "#fca50a", "#fac62d", "#f2e661", "#fcffa4"),
)


@cache
def environment() -> Environment:
    """The templates, with the words and closed sets that all of them may use."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS, hour_chart=hour_chart)
    faults = {reason.value: reason for reason in FaultReason}
    made.globals.update(kinds=list(VerdictKind), faults=faults, inferno=INFERNO)
    made.globals.update(sections=SECTIONS, line_tabs=LINE_TABS)
    return made


class Renderer:
    """Renders whole pages for a request. ``me`` is who asks; the theme is a cookie, so that the first paint
    has it."""

    def __call__(self, request: Request, name: str, **values: object) -> HTMLResponse:
        """The template as an answer."""
        html = (
            environment().get_template(name).render(theme=theme_of(request), me=asker_of(request), **values)
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    def refusal(self, request: Request, status: int, detail: str) -> HTMLResponse:
        """A problem's sentence as a page."""
        answer = self(request, "error.html", title=HTTPStatus(status).phrase, detail=detail)
        answer.status_code = status
        return answer

    def part(self, name: str, **values: object) -> str:
        """A template that is part of a page."""
        return environment().get_template(name).render(**values)


def asker_of(request: Request) -> Principal | None:
    """Who asks; None on the log-in page."""
    found: Principal | None = getattr(request.state, "principal", None)
    return found


def theme_of(request: Request) -> str:
    """``light`` or ``dark`` as the reader chose, empty to follow the system."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""
