"""The door: nobody is let past it who is not known, but to the log-in page and what it is drawn with."""

from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.accounts.accounts import Admission
from service.accounts.audit import Action, Deed
from service.accounts.principal import Principal
from service.web.access.origins import LOOPBACK_NAMES, Origins, host_name
from service.web.access.reception import Reception
from service.web.problem import Problem, problem_response

OPEN = frozenset({("GET", "/login"), ("HEAD", "/login"), ("POST", "/v1/session")})
OPEN_FOLDER = "/static/"
SAFE_METHODS = frozenset({"GET", "HEAD"})
UNKNOWN = "log in on the page, or send a valid token as Authorization: Bearer TOKEN"
NO_USERS = (
    "the page has no users yet, so it answers this machine only: add the first with "
    "`patchline users add NAME --role engineer`"
)
FORGED = "a session may act from the page itself only: send the request from there, or use a token"


class Door:
    """ASGI middleware. The principal is ``request.state.principal`` from here on."""

    def __init__(self, app: ASGIApp, *, reception: Reception, public_url: str) -> None:
        self._app = app
        self._reception = reception
        self._origins = Origins(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            admission = await self._admission(scope, headers)
        except Problem as problem:
            await _refusal(scope, headers, problem)(scope, receive, send)
            return
        principal = admission.principal if admission else None
        scope.setdefault("state", {}).update(principal=principal, reception=self._reception)
        secret = admission.secret if admission else None
        await self._app(scope, receive, self._giving(secret, send) if secret else send)

    async def _admission(self, scope: Scope, headers: Headers) -> Admission | None:
        token, address = _bearer(headers), address_of(scope)
        admission = await self._reception.admit(
            token,
            self._reception.cookie.read(headers),
            address,
            may_rotate=headers.get("sec-fetch-dest") != "image" and not _is_open(scope),
        )
        if _is_open(scope):
            return admission
        if admission is None:
            await self._note_stranger(scope, token, address)
            raise Problem(401, UNKNOWN)
        await self._check(scope, headers, admission.principal)
        return admission

    async def _check(self, scope: Scope, headers: Headers, principal: Principal) -> None:
        if principal.via == "loopback" and host_name(headers.get("host", "")) not in LOOPBACK_NAMES:
            raise Problem(403, NO_USERS)
        changes = scope["method"] not in SAFE_METHODS
        if principal.via == "session" and changes and not self._origins.is_proven(headers):
            deed = Deed(Action.FORGERY_REFUSED, principal.name, _place(scope), "", address_of(scope))
            await self._reception.note(deed)
            raise Problem(403, FORGED)

    async def _note_stranger(self, scope: Scope, token: str | None, address: str) -> None:
        """Somebody who merely has no session yet is no news."""
        if token is not None or scope["method"] not in SAFE_METHODS:
            shown = "a token that is not valid" if token is not None else "no token"
            await self._reception.note(Deed(Action.NOT_ADMITTED, "", _place(scope), shown, address))

    def _giving(self, secret: str, send: Send) -> Send:
        async def giving(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Set-Cookie", self._reception.cookie.given(secret))
            await send(message)

        return giving


def address_of(scope: Scope) -> str:
    """Where a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _bearer(headers: Headers) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _is_open(scope: Scope) -> bool:
    return (scope["method"], scope["path"]) in OPEN or scope["path"].startswith(OPEN_FOLDER)


def _place(scope: Scope) -> str:
    return f"{scope['method']} {scope['path']}"


def _refusal(scope: Scope, headers: Headers, problem: Problem) -> Response:
    """A person who opens a page is led to the log-in; everything else is told."""
    opens_page = "text/html" in headers.get("accept", "") and headers.get("sec-fetch-mode", "navigate") == (
        "navigate"
    )
    if problem.status == 401 and opens_page and scope["method"] in SAFE_METHODS:
        query = scope["query_string"].decode("latin-1")
        wanted = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"/login?next={quote(wanted, safe='/')}", 303)
    response = problem_response(problem)
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
