"""The session's cookie: out of reach of scripts, of other sites, and of the clear where there is TLS."""

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers


class Cookie:
    """``secure`` where the page's public address is https. ``__Host-`` then lets no other host of the
    domain set it. SameSite=Strict: a link from elsewhere opens the log-in page, which sees that its
    reader is logged in and goes on by itself."""

    def __init__(self, *, secure: bool, max_age: int) -> None:
        self._name = "__Host-patchline" if secure else "patchline"
        self._end = "; HttpOnly; SameSite=Strict; Path=/" + ("; Secure" if secure else "")
        self._max_age = max_age

    def read(self, headers: Headers) -> str | None:
        """The secret that a request shows."""
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self._name)
        except CookieError:
            return None
        return morsel.value or None if morsel else None

    def given(self, secret: str) -> str:
        """The header that gives it to a browser."""
        return f"{self._name}={secret}; Max-Age={self._max_age}{self._end}"

    def taken(self) -> str:
        """The header that takes it from a browser."""
        return f"{self._name}=; Max-Age=0{self._end}"
