"""The door: nobody is let past it who is not known, but to the log-in page and what it is drawn with."""

from urllib.parse import quote

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
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
# These write their own rows into the audit, in the transaction of the change itself.
RECORDED = ("/v1/session", "/v1/users", "/v1/tokens")
SAFE_METHODS = frozenset({"GET", "HEAD"})
UNKNOWN = "log in on the page, or send a valid token as Authorization: Bearer TOKEN"
NO_USERS = (
    "the page has no users yet, so it answers this machine only: add the first with "
    "`patchline users add NAME --role engineer`"
)
_log = structlog.get_logger()
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
        answer = _Answer(send, self._cookie(admission))
        await self._app(scope, receive, answer.send)
        if principal is not None and _is_news(scope, principal, answer.status):
            await self._note_change(scope, principal)

    def _cookie(self, admission: Admission | None) -> str | None:
        secret = admission.secret if admission else None
        return self._reception.cookie.given(secret) if secret else None

    async def _note_change(self, scope: Scope, principal: Principal) -> None:
        """The change is made and answered: that it cannot be told of is for the log."""
        told = scope["state"].get("told", "")
        deed = Deed(Action.CHANGED, principal.name, _place(scope), told, address_of(scope))
        try:
            await self._reception.note(deed)
        except Problem:
            _log.error(
                "a change is missing from the audit", actor=principal.name, place=_place(scope), told=told
            )

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


class _Answer:
    """Passes an answer on, with a cookie where there is one, and knows its status."""

    def __init__(self, send: Send, cookie: str | None) -> None:
        self._send, self._cookie = send, cookie
        self.status = 500

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._cookie:
                MutableHeaders(scope=message).append("Set-Cookie", self._cookie)
        await self._send(message)


def tell(request: Request, detail: str) -> None:
    """Say what a change did, for its row in the audit."""
    request.state.told = detail


def address_of(scope: Scope) -> str:
    """Where a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _bearer(headers: Headers) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _is_news(scope: Scope, principal: Principal, status: int) -> bool:
    changes = scope["method"] not in SAFE_METHODS and status < 400
    changes = changes and not scope["state"].get("unrecorded")
    return changes and principal.via != "loopback" and not scope["path"].startswith(RECORDED)


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
