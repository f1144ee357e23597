"""Dead letters: what could not be inspected, looked at, sent again, or let go."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.dead_letter import DeadLetter
from schemas.frame import FrameHeaders
from schemas.ids import LineId
from schemas.reasons import DeadLetterReason
from service.accounts.roles import Role
from service.letters.box import Handled
from service.letters.letters import Letter, State
from service.store.errors import StoreError
from service.stream.base import StreamError
from service.web.access.least import require
from service.web.context import Context
from service.web.picture import download_response
from service.web.problem import Problem
from service.web.view.letters import LetterFilter, at_ms

CURSOR = r"^\d{1,16}\.\d{1,9}/\d{1,18}$"
ID = r"^\d{1,9}/\d{1,18}$"
Place = Annotated[int, Path(ge=0, lt=2**62)]
FILE: dict[int | str, dict[str, object]] = {
    200: {"description": "The bytes, as a file to keep.", "content": {"application/octet-stream": {}}}
}


class LetterItem(BaseModel):
    """A dead letter. ``id`` is its frame's place, ``partition/offset``."""

    id: str
    line: LineId | None
    state: State
    size_bytes: int
    told: DeadLetter
    headers: FrameHeaders


class LetterPage(BaseModel):
    """Dead letters, newest first; ``counts`` are of all open ones by reason, whatever was asked for."""

    letters: list[LetterItem]
    counts: dict[DeadLetterReason, int]
    next_cursor: str | None = None


class LetterChoice(BaseModel):
    """Which letters, each by its id; ``as_line`` is the line of those that have none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"ids": ["3/1042"]}]})

    ids: list[Annotated[str, Field(pattern=ID)]] = Field(min_length=1, max_length=1000)
    as_line: LineId | None = None


class LettersHandled(BaseModel):
    """The ids that are settled, and a sentence for each that is not."""

    done: list[str]
    skipped: list[str]


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/dead-letters", tags=["dead letters"], dependencies=[require(Role.VIEWER)])

    @routes.get("", summary="Dead letters, newest first")
    async def letters(
        line: Annotated[LineId | None, Query()] = None,
        reason: Annotated[DeadLetterReason | None, Query()] = None,
        state: Annotated[Literal["open", "all"], Query()] = "open",
        cursor: Annotated[str | None, Query(pattern=CURSOR)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> LetterPage:
        wanted = LetterFilter(line, reason.value if reason else None, place_of(cursor))
        return await letter_page(context, wanted, limit, settled=state == "all")

    @routes.get("/{partition}/{offset}", summary="One dead letter")
    async def letter(partition: Place, offset: Place) -> LetterItem:
        found = await _known(context, [f"{partition}/{offset}"])
        return _item(found[0], await _states(context))

    @routes.get("/{partition}/{offset}/bytes", summary="Its bytes", response_class=Response, responses=FILE)
    async def data(partition: Place, offset: Place) -> Response:
        (found,) = await _known(context, [f"{partition}/{offset}"])
        try:
            return download_response(
                await context.letters.bytes_of(found, context.max_frame_bytes), f"{partition}-{offset}"
            )
        except LookupError as error:
            raise Problem(404, f"{error}: the record expired, only what was told of it is left") from error
        except (StoreError, StreamError) as error:
            raise _unanswered() from error

    @routes.post("/replay", summary="Send dead letters again", dependencies=[require(Role.ENGINEER)])
    async def replay(choice: LetterChoice) -> LettersHandled:
        found = await _known(context, choice.ids)
        try:
            return _told(await context.letters.replay(found, choice.as_line))
        except (StoreError, StreamError) as error:
            raise _unanswered() from error

    @routes.post("/drop", summary="List dead letters no longer", dependencies=[require(Role.ENGINEER)])
    async def drop(choice: LetterChoice) -> LettersHandled:
        found = await _known(context, choice.ids)
        try:
            return _told(await context.letters.drop(found))
        except StoreError as error:
            raise _unanswered() from error

    return routes


async def letter_page(
    context: Context, wanted: LetterFilter, limit: int, *, settled: bool = False
) -> LetterPage:
    """A page of the list; raises ``Problem`` 503 when the store does not tell which are settled."""
    states = await _states(context)
    chosen = wanted if settled else replace(wanted, without=states)
    shown = await context.view.letters(chosen, limit + 1)
    counts = await context.view.letter_counts(states)
    return LetterPage(
        letters=[_item(letter, states) for letter in shown[:limit]],
        counts={DeadLetterReason(reason): number for reason, number in counts.items()},
        next_cursor=_cursor(shown[limit - 1]) if len(shown) > limit else None,
    )


async def _states(context: Context) -> dict[str, State]:
    try:
        return await context.letters.states()
    except StoreError as error:
        raise _unanswered() from error


async def _known(context: Context, ids: list[str]) -> Sequence[Letter]:
    found = await context.view.letters_named(ids)
    missing = set(ids) - {letter.id for letter in found}
    if missing:
        name = sorted(missing)[0]
        raise Problem(
            404, f"dead letter {name} is not known: take ids from /v1/dead-letters", ids=sorted(missing)
        )
    return found


def _item(letter: Letter, states: dict[str, State]) -> LetterItem:
    state = states.get(letter.id, "open")
    return LetterItem(
        id=letter.id,
        line=letter.line,
        state=state,
        size_bytes=letter.size_bytes,
        told=letter.told,
        headers=letter.headers,
    )


def _told(handled: Handled) -> LettersHandled:
    return LettersHandled(done=handled.done, skipped=handled.skipped)


def _cursor(letter: Letter) -> str:
    return f"{at_ms(letter)}.{letter.id}"


def place_of(cursor: str | None) -> tuple[int, str] | None:
    """The place in the list that a cursor names."""
    if cursor is None or not re.fullmatch(CURSOR, cursor):
        return None
    at, _, name = cursor.partition(".")
    return int(at), name


def _unanswered() -> Problem:
    return Problem(503, "the broker or the object store does not answer: try again in a moment")
