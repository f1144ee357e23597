"""The session: logging in, who one is, logging out."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from service.accounts.accounts import Admission
from service.accounts.audit import Action, Deed
from service.accounts.principal import Principal, Via
from service.accounts.roles import Role
from service.web.access.door import FORGED, address_of
from service.web.access.least import Asker, require
from service.web.access.origins import Origins
from service.web.access.reception import Reception
from service.web.access.tries import count_try
from service.web.context import Context
from service.web.problem import Problem

WRONG = "the name or the password is wrong: try again, or ask an engineer for a new password"
NO_USERS = "the page has no users, and nobody needs to log in: add one with `patchline users add`"


class LogIn(BaseModel):
    """A name and its password."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "anna", "password": "three blue lathes"}]}
    )

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class Who(BaseModel):
    """Who asks, with which role, and how that is known."""

    model_config = ConfigDict(
        frozen=True, json_schema_extra={"examples": [{"name": "anna", "role": "operator", "via": "session"}]}
    )

    name: str
    role: Role
    via: Via


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/session", tags=["session"])
    reception = context.reception
    origins = Origins(context.public_url)

    @routes.post("", summary="Log in", responses={401: {}, 429: {}})
    async def log_in(given: LogIn, request: Request, response: Response) -> Who:
        if not origins.is_proven(request.headers):
            raise Problem(403, FORGED)
        address = address_of(request.scope)
        admission = await _tried(reception, given, address, reception.cookie.read(request.headers))
        response.headers["Set-Cookie"] = reception.cookie.given(admission.secret or "")
        response.headers["Cache-Control"] = "no-store"
        return _who(admission.principal)

    @routes.get("", summary="Who asks", dependencies=[require(Role.VIEWER)])
    async def who(asker: Asker, response: Response) -> Who:
        response.headers["Cache-Control"] = "no-store"
        return _who(asker)

    @routes.delete("", status_code=204, summary="Log out", dependencies=[require(Role.VIEWER)])
    async def log_out(asker: Asker, request: Request, response: Response) -> None:
        if asker.via != "session":
            raise Problem(409, "only a session can be logged out of: a token is revoked instead")
        await reception.ask(lambda: reception.accounts.log_out(asker, address_of(request.scope)))
        response.headers["Set-Cookie"] = reception.cookie.taken()

    return routes


async def _tried(reception: Reception, given: LogIn, address: str, old: str | None) -> Admission:
    if not await reception.ask(reception.accounts.configured):
        raise Problem(409, NO_USERS)
    refused = Deed(Action.LOG_IN_THROTTLED, "", given.name, "", address)
    await count_try(reception, given.name, address, refused)
    admission = await reception.hash(
        lambda: reception.accounts.log_in(given.name, given.password, address, old)
    )
    if admission is None:
        raise Problem(401, WRONG)
    reception.throttle.succeeded(given.name, address)
    return admission


def _who(principal: Principal) -> Who:
    return Who(name=principal.name, role=principal.role, via=principal.via)
