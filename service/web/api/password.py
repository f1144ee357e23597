"""One's own password: changed by whoever is logged in and knows the old one."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from service.accounts.audit import Action, Deed
from service.accounts.passwords import LONGEST
from service.accounts.roles import Role
from service.web.access.door import address_of
from service.web.access.least import Asker, require
from service.web.access.refused import told_as_problems
from service.web.access.tries import count_try
from service.web.context import Context
from service.web.problem import Problem

NO_SESSION = "only who is logged in has a password to change here: log in on the page first"


class OwnPassword(BaseModel):
    """The password until now, and the one from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"old": "three blue lathes", "new": "four green lathes"}]},
    )

    old: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    new: Annotated[str, Field(min_length=1, max_length=LONGEST)]


def router(context: Context) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/session/password", tags=["session"], dependencies=[require(Role.VIEWER)])
    reception = context.reception

    @routes.put("", status_code=204, summary="Change one's own password", responses={412: {}, 429: {}})
    async def change(given: OwnPassword, asker: Asker, request: Request, response: Response) -> None:
        """Ends all other sessions of the user; this one goes on, by another secret."""
        if asker.via != "session":
            raise Problem(409, NO_SESSION)
        address = address_of(request.scope)
        refused = Deed(Action.PASSWORD_REFUSED, asker.name, asker.name, "too many were wrong", address)
        await count_try(reception, asker.name, address, refused)
        secret = reception.cookie.read(request.headers) or ""
        with told_as_problems():
            fresh = await reception.hash(
                lambda: reception.accounts.change_own_password(asker, given.old, given.new, address, secret)
            )
        reception.throttle.succeeded(asker.name, address)
        if fresh is not None:
            response.headers["Set-Cookie"] = reception.cookie.given(fresh)
        response.headers["Cache-Control"] = "no-store"

    return routes
