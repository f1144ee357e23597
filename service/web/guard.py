"""The guard at the door: whose host, whose origin, which body, and the headers that every answer carries."""

from collections.abc import Iterable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.access.origins import Origins
from service.web.body import PICTURE, Body, Bounds, announced_bytes, bounds_of
from service.web.problem import Problem, problem_response

SAFE_METHODS = frozenset({"GET", "HEAD"})
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "private, no-cache",
}
TLS_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}


class Guard:
    """ASGI middleware. A foreign Host is refused because a name that another site points at us would let
    that site read every frame (DNS rebinding); a foreign Origin, because a browser would act for it."""

    def __init__(self, app: ASGIApp, *, public_url: str) -> None:
        self._app = app
        self._origins = Origins(public_url)
        self._headers = SECURITY_HEADERS | (TLS_HEADERS if public_url.startswith("https:") else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        bounds = bounds_of(scope["path"])
        body = Body(headers, receive, send, bounds)
        guarded = _with_headers(self._headers, body.send)
        try:
            self._check(scope["method"], headers, bounds)
        except Problem as problem:
            await problem_response(problem)(scope, receive, guarded)
            return
        await self._app(scope, body.receive, guarded)

    def _check(self, method: str, headers: Headers, bounds: Bounds) -> None:
        if not self._origins.is_ours(headers):
            host = headers.get("host", "")
            raise Problem(
                421, f"host {host[:100]!r} is not this page's: use the address in PATCHLINE_WEB__PUBLIC_URL"
            )
        if announced_bytes(headers) > bounds.size:
            raise Problem(413, bounds.too_large)
        if method not in SAFE_METHODS:
            self._check_origin(method, headers, bounds)

    def _check_origin(self, method: str, headers: Headers, bounds: Bounds) -> None:
        if self._origins.is_foreign(headers):
            raise Problem(403, "another site may not act on this page: send the request from the page itself")
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        if bounds is PICTURE:
            if not kind.startswith("image/") and kind != "application/octet-stream":
                raise Problem(415, "the request's Content-Type is no image's: send image/jpeg or the like")
        # A form can send a body of other types from anywhere; it cannot send DELETE.
        elif method != "DELETE" and kind != "application/json":
            raise Problem(415, "the request has no Content-Type application/json: send JSON and say so")


def _with_headers(wanted: Mapping[str, str], send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _missing(headers, wanted.items()):
                headers[name] = value
        await send(message)

    return guarded


def _missing(headers: MutableHeaders, wanted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in wanted if name not in headers]
