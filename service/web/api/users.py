"""Users: who may use the page, for engineers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.message import Moment
from service.accounts.accounts import By
from service.accounts.passwords import LONGEST, SHORTEST
from service.accounts.roles import Role
from service.accounts.users import NAME_PATTERN, User
from service.web.access.door import address_of
from service.web.access.least import Asker, require
from service.web.access.reception import Reception
from service.web.access.refused import told_as_problems
from service.web.access.revision import STALE, IfMatch, etag, expected
from service.web.context import Context

Name = Annotated[str, Path(pattern=NAME_PATTERN)]
Password = Annotated[str, Field(min_length=SHORTEST, max_length=LONGEST)]


class UserItem(BaseModel):
    """A user. One without a password is a machine, for tokens. ``revision`` is its ETag."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "anna",
                    "role": "operator",
                    "has_password": True,
                    "created_at": "2026-01-31T12:00:00Z",
                    "revision": 1,
                }
            ]
        }
    )

    name: str
    role: Role
    has_password: bool
    created_at: Moment
    revision: int


class NewUser(BaseModel):
    """A user to add."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "anna", "role": "operator", "password": "three blue lathes"}]
        },
    )

    name: str = Field(pattern=NAME_PATTERN)
    role: Role
    password: Password | None = None


class UserChange(BaseModel):
    """What shall be otherwise. Another password ends all sessions of the user."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "engineer"}]})

    role: Role | None = None
    password: Password | None = None


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(
        prefix="/users", tags=["users"], dependencies=[require(Role.ENGINEER)], responses=STALE
    )
    reception = context.reception

    @routes.get("", summary="Every user, by name")
    async def users() -> list[UserItem]:
        return [item(user) for user in await listed(reception)]

    @routes.post("", status_code=201, summary="Add a user")
    async def add(new: NewUser, asker: Asker, request: Request, response: Response) -> UserItem:
        by = By(asker.name, address_of(request.scope))
        with told_as_problems():
            made = await reception.hash(
                lambda: reception.accounts.add_user(new.name, new.role, new.password, by)
            )
        response.headers["ETag"] = etag(made.revision)
        return item(made)

    @routes.get("/{name}", summary="One user")
    async def user(name: Name, response: Response) -> UserItem:
        with told_as_problems():
            found = await reception.ask(lambda: reception.accounts.known_user(name))
        response.headers["ETag"] = etag(found.revision)
        return item(found)

    @routes.patch("/{name}", summary="Change a user")
    async def change(
        name: Name,
        wanted: UserChange,
        asker: Asker,
        request: Request,
        response: Response,
        if_match: IfMatch = None,
    ) -> UserItem:
        by, revision = By(asker.name, address_of(request.scope)), expected(if_match)
        with told_as_problems():
            changed = await reception.hash(
                lambda: reception.accounts.change_user(name, wanted.role, wanted.password, by, revision)
            )
        response.headers["ETag"] = etag(changed.revision)
        return item(changed)

    @routes.delete("/{name}", status_code=204, summary="Remove a user, with sessions and tokens")
    async def remove(name: Name, asker: Asker, request: Request, if_match: IfMatch = None) -> None:
        by, revision = By(asker.name, address_of(request.scope)), expected(if_match)
        with told_as_problems():
            await reception.ask(lambda: reception.accounts.remove_user(name, by, revision))

    return routes


async def listed(reception: Reception) -> Sequence[User]:
    """Every user, by name."""
    return await reception.ask(reception.accounts.users)


def item(user: User) -> UserItem:
    """A user as it is told."""
    return UserItem(
        name=user.name,
        role=user.role,
        has_password=user.password is not None,
        created_at=datetime.fromtimestamp(user.created_at, UTC),
        revision=user.revision,
    )
