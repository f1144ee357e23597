"""The review page of a line: the parts that wait for an answer, one of them large, and what was said."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse
from pydantic import Field
from starlette.requests import Request

from schemas.ids import LineId
from schemas.message import Moment
from schemas.reasons import VerdictKind
from service.accounts.roles import Role
from service.web.api.answers import HOLDER
from service.web.api.frames import known_frame
from service.web.api.lines import known_line
from service.web.api.verdicts import parse_cursor
from service.web.claims import Holder
from service.web.context import Context
from service.web.pages.form import Empty
from service.web.pages.render import Renderer, asker_of
from service.web.shapes import LineSummary, VerdictItem, VerdictPage
from service.web.view.verdicts import Filter

ROWS = 40
FLAGGED = (VerdictKind.DEFECT, VerdictKind.REVIEW)
SHOWN: Mapping[str, tuple[str, tuple[VerdictKind, ...], bool | None]] = {
    "open": ("To answer", FLAGGED, False),
    "flagged": ("Flagged", FLAGGED, None),
    **{kind.value: (kind.value, (kind,), None) for kind in VerdictKind},
    "all": ("All", (), None),
}
SHOW = "^(" + "|".join(SHOWN) + ")$"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the lists that a reader may choose."""

    name: str
    word: str
    query: str
    count: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks to see: a list by name, narrowed down."""

    show: str
    answered: bool | None
    camera: str | None
    part: str | None
    since: Any
    until: Any

    def filter(self, line: str) -> Filter:
        """What it means in the view."""
        _, kinds, answered = SHOWN[self.show]
        wanted = answered if self.answered is None else self.answered
        return Filter(line, kinds, wanted, self.camera, self.part, self.since, self.until)

    def query(self) -> str:
        """The same as the query of an address; what is usual is left out."""
        values = {
            "show": self.show if self.show != "open" else None,
            "answered": None if self.answered is None else str(self.answered).lower(),
            "camera": self.camera,
            "part": self.part,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
        }
        return urlencode({name: value for name, value in values.items() if value is not None})

    @property
    def narrowed(self) -> bool:
        """Whether it is more than a list by name."""
        return any(
            each is not None for each in (self.answered, self.camera, self.part, self.since, self.until)
        )


Short = Annotated[str, Field(max_length=128)]


def asked(
    show: Annotated[str, Query(pattern=SHOW)] = "open",
    answered: Annotated[bool | None, Empty, Query()] = None,
    camera: Annotated[Short | None, Empty, Query()] = None,
    part: Annotated[Short | None, Empty, Query()] = None,
    since: Annotated[Moment | None, Empty, Query()] = None,
    until: Annotated[Moment | None, Empty, Query()] = None,
) -> Asked:
    """What the request asks to see."""
    return Asked(show, answered, camera, part.strip() or None if part else None, since, until)


Wanted = Annotated[Asked, Depends(asked)]
Cursor = Annotated[str | None, Query(max_length=60)]


def router(context: Context, render: Renderer) -> APIRouter:
    """The routes: the page, with a part or with the first that waits, and the two pieces that are fetched."""
    routes = APIRouter(prefix="/lines/{line}")

    async def values(
        request: Request, line: str, wanted: Asked, cursor: str | None, holder: str | None = None
    ) -> dict[str, Any]:
        principal = asker_of(request)
        own = Holder(principal.name, holder) if principal and holder else None
        others = context.claims.of_others(line, own)
        summary = await known_line(context, line)
        chosen = wanted.filter(line)
        return {
            "line": summary,
            "found": await context.view.page(chosen, parse_cursor(cursor), ROWS),
            "cameras": await context.view.cameras(line),
            "chosen": chosen,
            "show": wanted.show,
            "answered": "" if wanted.answered is None else str(wanted.answered).lower(),
            "filtered": wanted.narrowed,
            "query": wanted.query(),
            "export": export_query(chosen),
            "choices": choices(summary, wanted),
            "cursor": cursor,
            "claims": {UUID(claim.frame_uid): claim.name for claim in others},
            "alerts": context.alerts.state(line),
            "can_answer": principal is not None and principal.may_act_as(Role.OPERATOR),
        }

    @routes.get("")
    async def page(request: Request, line: LineId, wanted: Wanted, cursor: Cursor = None) -> HTMLResponse:
        shown = await values(request, line, wanted, cursor)
        return render(request, "review.html", item=_first(shown["found"], shown["claims"]), **shown)

    @routes.get("/frames/{frame_uid}")
    async def page_of_frame(
        request: Request, line: LineId, frame_uid: UUID, wanted: Wanted, cursor: Cursor = None
    ) -> HTMLResponse:
        item = await known_frame(context, line, frame_uid)
        return render(request, "review.html", item=item, **await values(request, line, wanted, cursor))

    @routes.get("/queue")
    async def queue(
        request: Request,
        line: LineId,
        wanted: Wanted,
        cursor: Cursor = None,
        holder: Annotated[str | None, Query(pattern=HOLDER)] = None,
    ) -> HTMLResponse:
        return render(request, "queue.html", **await values(request, line, wanted, cursor, holder))

    @routes.get("/frames/{frame_uid}/part")
    async def part(request: Request, line: LineId, frame_uid: UUID) -> HTMLResponse:
        return render(request, "part.html", item=await known_frame(context, line, frame_uid))

    return routes


def _first(found: VerdictPage, claims: Mapping[UUID, str]) -> VerdictItem | None:
    """The first part that nobody is answering."""
    return next((item for item in found.verdicts if item.frame_uid not in claims), None)


def choices(line: LineSummary, wanted: Asked) -> list[Choice]:
    """The lists that there are, each with how many parts it has when nothing narrows it down."""
    flagged = sum(line.counts[kind] for kind in FLAGGED)
    counts = {**line.counts, "open": sum(line.open.values()), "flagged": flagged}
    counts["all"] = sum(line.counts.values())
    return [
        Choice(name, word, replace(wanted, show=name, answered=None).query(), counts[name])
        for name, (word, _, _) in SHOWN.items()
        if counts[name] or name in ("open", "flagged", "all", wanted.show)
    ]


def export_query(chosen: Filter) -> str:
    """The same filter for the API."""
    values: list[tuple[str, str]] = [("line", chosen.line or "")]
    values += [("verdict", kind.value) for kind in chosen.kinds]
    more = {
        "answered": None if chosen.answered is None else str(chosen.answered).lower(),
        "camera": chosen.camera,
        "part": chosen.part,
        "since": chosen.since and chosen.since.isoformat(),
        "until": chosen.until and chosen.until.isoformat(),
    }
    return urlencode([*values, *((name, value) for name, value in more.items() if value is not None)])
