"""One installation on this machine, from nothing to a page, and back to nothing."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from service.embedded.server import EmbeddedError, free_port
from service.embedded.tansu import EmbeddedBroker
from service.embedded.valkey import EmbeddedCache
from service.settings import (
    InspectorSettings,
    KafkaSettings,
    RedisSettings,
    Settings,
    StoreSettings,
    TelemetrySettings,
    WebSettings,
    environment_of,
)
from workers.supervisor.child import Errand
from workers.supervisor.program import Hopeless, supervise

PROGRAMS = ("inspector", "rebuilder", "web")
_PARTITIONS = 4
_SESSION_MS, _HEARTBEAT_MS = 6_000, 1_500
"""Tansu answers a group's first member after half a session: 15 seconds of the default, 3 of these."""
_STOP_SECONDS = 6.0
_LOG_TAIL = 600


class Installation:
    """Broker, cache, store and programs, all ours. A context manager; ``stop`` takes seconds."""

    def __init__(self, settings: Settings, folder: Path, stack: ExitStack, *, embedded: bool = True) -> None:
        self.settings, self.folder, self.embedded = settings, folder, embedded
        self._stack = stack
        self._leashes: dict[str, int] = {}
        self._stopping = asyncio.Event()
        self._supervising: asyncio.Task[None] | None = None

    @classmethod
    def begin(cls, bootstrap: str | None = None) -> Self:
        """Start broker and cache; blocks for about a second. Raises ``EmbeddedError``. With ``bootstrap``
        the broker is that one, on topics with a prefix of their own."""
        stack = ExitStack()
        try:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="patchline-demo-")))
            brokers = bootstrap or stack.enter_context(EmbeddedBroker()).bootstrap
            cache = stack.enter_context(EmbeddedCache())
        except BaseException:
            stack.close()
            raise
        return cls(
            _settings(folder, _kafka(bootstrap, brokers), cache.url),
            folder,
            stack,
            embedded=bootstrap is None,
        )

    def start_programs(self, names: Sequence[str] = PROGRAMS) -> None:
        """Start the inspector, the rebuilder and the page, or some of them, each with a log file of its own;
        what ends is started again, within its budget. Needs a running loop."""
        command, environment = [sys.executable, "-m", "workers", "run"], program_environment(self.settings)
        errands = [Errand(name, [*command, name], environment, self._log(name)) for name in names]
        self._supervising = asyncio.create_task(
            supervise(
                errands,
                self.settings.supervisor,
                self._stopping,
                drain_seconds=_STOP_SECONDS,
                started=self._leashes.__setitem__,
            )
        )

    async def started(self, name: str) -> None:
        """Until there is a process of the program, or it was given up: see ``require_alive``."""
        while name not in self._leashes:
            self.require_alive()
            await asyncio.sleep(0.01)

    def process(self, name: str) -> int:
        """The process id of the leash of a program that was started, of which the program is the child."""
        return self._leashes[name]

    def require_alive(self) -> None:
        """Raises ``EmbeddedError`` with the end of the log of a program that ended too often."""
        if self._supervising is not None and self._supervising.done():
            self._tell_end(self._supervising)

    async def until(self, true: Callable[[], bool], seconds: float, pause: float = 0.05) -> None:
        """Wait for it while the programs live, asked every ``pause`` seconds. Raises as ``require_alive``,
        and ``TimeoutError`` past so many seconds."""
        async with asyncio.timeout(seconds):
            while not true():
                self.require_alive()
                await asyncio.sleep(pause)

    async def stop(self) -> None:
        """Stop the programs, then cache and broker; nothing is left."""
        self._stopping.set()
        if self._supervising is not None:
            await asyncio.wait({self._supervising})
        await asyncio.to_thread(self._stack.close)

    def _tell_end(self, supervising: "asyncio.Task[None]") -> None:
        try:
            supervising.result()
        except Hopeless as error:
            tail = self._log(error.program).read_text(errors="replace")[-_LOG_TAIL:].strip()
            raise EmbeddedError(f"{error}: {tail}") from error

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def _kafka(given: str | None, bootstrap: str) -> KafkaSettings:
    """Of the broker that was given, on topics of our own; else of ours."""
    if given is not None:
        prefix = f"bench-{os.urandom(4).hex()}."
        return KafkaSettings(bootstrap=bootstrap, partitions=_PARTITIONS, topic_prefix=prefix)
    return KafkaSettings(
        bootstrap=bootstrap,
        partitions=_PARTITIONS,
        session_timeout_ms=_SESSION_MS,
        heartbeat_ms=_HEARTBEAT_MS,
    )


def _settings(folder: Path, kafka: KafkaSettings, redis_url: str) -> Settings:
    port = free_port()
    store = folder / "store"
    return Settings(
        kafka=kafka,
        redis=RedisSettings(url=redis_url),
        store=StoreSettings(url=store.as_uri(), cache_dir=folder / "cache"),
        inspector=InspectorSettings(),
        web=WebSettings(
            port=port, public_url=f"http://127.0.0.1:{port}", accounts=folder / "accounts.sqlite"
        ),
        telemetry=TelemetrySettings(log_format="json"),
    )


def program_environment(settings: Settings) -> dict[str, str]:
    """This process's, with these settings and none of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PATCHLINE_")}
    return inherited | environment_of(settings)
