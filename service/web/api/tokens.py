"""Tokens: how machines come in, for engineers."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.ids import LineId
from schemas.message import Moment
from service.accounts.accounts import By
from service.accounts.roles import Role
from service.accounts.tokens import Token, Wish
from service.accounts.users import NAME_PATTERN
from service.web.access.door import address_of
from service.web.access.least import Asker, require
from service.web.access.reception import Reception
from service.web.access.refused import told_as_problems
from service.web.context import Context

DAY_SECONDS = 86_400
TokenId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
ITEM: dict[str, Any] = {
    "id": "0f3a9c2be41d7705",
    "user": "plc",
    "role": "viewer",
    "label": "hall 2",
    "lines": ["line1"],
    "state": "valid",
    "created_at": "2026-01-31T12:00:00Z",
    "expires_at": "2027-01-31T12:00:00Z",
    "used_at": None,
}


class TokenItem(BaseModel):
    """A token without its secret. ``lines``: the only ones that it may ask of; null for all. ``used_at`` is
    exact to the hour."""

    model_config = ConfigDict(json_schema_extra={"examples": [ITEM]})

    id: str
    user: str
    role: Role
    label: str
    lines: list[LineId] | None
    state: Literal["valid", "expired", "revoked"]
    created_at: Moment
    expires_at: Moment
    used_at: Moment | None


class MadeToken(TokenItem):
    """A new token. ``token`` is shown this once: only its hash is kept."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**ITEM, "token": "patchline_0f3a9c2be41d7705_..."}]}
    )

    token: str


class NewToken(BaseModel):
    """A token to make: in a user's name, with at most that user's role."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"user": "plc", "role": "viewer", "label": "hall 2", "days": 365}]},
    )

    user: str = Field(pattern=NAME_PATTERN)
    role: Role = Role.VIEWER
    label: str = Field(min_length=1, max_length=100)
    days: int = Field(default=90, ge=1, le=3650)
    lines: list[LineId] | None = Field(default=None, min_length=1, max_length=1000)


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/tokens", tags=["tokens"], dependencies=[require(Role.ENGINEER)])
    reception = context.reception

    @routes.get("", summary="Every token, newest first")
    async def tokens() -> list[TokenItem]:
        return [item(token) for token in await listed(reception)]

    @routes.post("", status_code=201, summary="Make a token")
    async def make(new: NewToken, asker: Asker, request: Request, response: Response) -> MadeToken:
        by = By(asker.name, address_of(request.scope))
        lines = frozenset(new.lines) if new.lines is not None else None
        wish = Wish(new.user, new.role, new.label, int(time.time()) + new.days * DAY_SECONDS, lines)
        with told_as_problems():
            made, text = await reception.ask(lambda: reception.accounts.new_token(wish, by))
        response.headers["Cache-Control"] = "no-store"
        return MadeToken(**item(made).model_dump(), token=text)

    @routes.delete("/{token_id}", summary="Revoke a token at once")
    async def revoke(token_id: TokenId, asker: Asker, request: Request) -> TokenItem:
        by = By(asker.name, address_of(request.scope))
        with told_as_problems():
            return item(await reception.ask(lambda: reception.accounts.revoke_token(token_id, by)))

    return routes


async def listed(reception: Reception) -> Sequence[Token]:
    """Every token, newest first."""
    return await reception.ask(reception.accounts.tokens)


def item(token: Token) -> TokenItem:
    """A token as it is told."""
    return TokenItem(
        id=token.id,
        user=token.user,
        role=token.role,
        label=token.label,
        lines=sorted(token.lines) if token.lines is not None else None,
        state=token.state(int(time.time())),
        created_at=_moment(token.created_at),
        expires_at=_moment(token.expires_at),
        used_at=None if token.used_at is None else _moment(token.used_at),
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
