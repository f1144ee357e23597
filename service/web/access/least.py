"""What each route asks of who comes: a least role, declared where the route is, and none by default."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant

from service.accounts.audit import Action, Deed
from service.accounts.principal import Principal
from service.accounts.roles import Role
from service.web.access.door import address_of
from service.web.problem import Problem


class Least:
    """A dependency that refuses whoever may not act as ``role``, and tokens for other lines."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, request: Request) -> None:
        """Raises ``Problem`` 403, with a row in the audit."""
        await demand(request, self.role)


def require(role: Role) -> Any:
    """The dependency of a route, or of a router: ``dependencies=[require(Role.VIEWER)]``."""
    return Depends(Least(role))


async def _unrecorded(request: Request) -> None:
    request.state.unrecorded = True


UNRECORDED = Depends(_unrecorded)
"""The dependency of a route whose changes are no news: what a page holds for a moment, say."""


async def demand(request: Request, role: Role) -> None:
    """Refuse whoever may not act as this role, where what is asked decides: raises ``Problem`` 403."""
    principal = _principal(request)
    if not principal.may_act_as(role):
        await _refuse(
            request,
            principal,
            f"this needs the role {role.value}, and {principal.name} comes as "
            f"{principal.role.value}: ask an engineer",
        )
    if principal.lines is not None and not _named_lines(request) <= principal.lines:
        lines = ", ".join(sorted(principal.lines))
        await _refuse(request, principal, f"this token is for {lines} only: ask for those by name")


def _principal(request: Request) -> Principal:
    principal: Principal | None = getattr(request.state, "principal", None)
    if principal is None:
        raise Problem(401, "nobody is logged in: log in on the page, or send a valid token")
    return principal


Asker = Annotated[Principal, Depends(_principal)]
"""Who asks, in the signature of a route."""

_EVERY_LINE = frozenset({"every line"})


def _named_lines(request: Request) -> frozenset[str]:
    """The lines that a request names in a place that its route reads; more than any where it names none."""
    in_path: Mapping[str, Any] = request.path_params
    if "line" in in_path:
        return frozenset({str(in_path["line"])})
    dependant = getattr(request.scope.get("route"), "dependant", None)
    reads = set(_queries(dependant)) if dependant else set()
    asked = request.query_params.getlist("line") if "line" in reads else []
    return frozenset(asked) or _EVERY_LINE


def _queries(dependant: Dependant) -> Iterator[str]:
    """The names of what a route, or what it depends on, reads of the query."""
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _queries(inner)


async def _refuse(request: Request, principal: Principal, sentence: str) -> None:
    place = f"{request.method} {request.url.path}"
    deed = Deed(Action.ROLE_REFUSED, principal.name, place, sentence, address_of(request.scope))
    await request.state.reception.note(deed)
    raise Problem(403, sentence)
