"""Which hosts and origins are this page's own."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Origins:
    """The page's names: its public address, and this machine's."""

    def __init__(self, public_url: str) -> None:
        public = urlsplit(public_url)
        self._public = f"{public.scheme}://{public.netloc}".lower()
        self._hosts = LOOPBACK_NAMES | {host_name(public.netloc)}

    def is_ours(self, headers: Headers) -> bool:
        """Whether the request names a host of ours."""
        return host_name(headers.get("host", "")) in self._hosts

    def is_foreign(self, headers: Headers) -> bool:
        """Whether a browser says that another site, or another page of this host, sent the request."""
        origin = headers.get("origin", "").lower()
        site = headers.get("sec-fetch-site", "none")
        return bool(origin and origin not in self._own(headers)) or site not in ("none", "same-origin")

    def is_proven(self, headers: Headers) -> bool:
        """Whether a browser says that our own page sent the request: every browser that has our cookies
        says so of every change."""
        origin = headers.get("origin", "").lower()
        said = origin in self._own(headers) or headers.get("sec-fetch-site") == "same-origin"
        return said and not self.is_foreign(headers)

    def _own(self, headers: Headers) -> set[str]:
        host = headers.get("host", "")
        return {self._public, f"http://{host}".lower(), f"https://{host}".lower()}


def host_name(netloc: str) -> str:
    """The host without user and port, as it is written."""
    host = netloc.rpartition("@")[2].lower()
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
