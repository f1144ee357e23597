"""One installation on this machine, from nothing to a page, and back to nothing."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
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

PROGRAMS = ("inspector", "rebuilder", "web")
_PARTITIONS = 4
_STOP_SECONDS = 6.0
_LOG_TAIL = 600


class Installation:
    """Broker, cache, store and programs, all ours. A context manager; ``stop`` takes seconds."""

    def __init__(self, settings: Settings, folder: Path, stack: ExitStack, *, embedded: bool = True) -> None:
        self.settings, self.folder, self.embedded = settings, folder, embedded
        self._stack = stack
        self._programs: dict[str, subprocess.Popen[bytes]] = {}

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
        kafka = KafkaSettings(bootstrap=brokers, partitions=_PARTITIONS)
        if bootstrap is not None:
            kafka = kafka.model_copy(update={"topic_prefix": f"bench-{os.urandom(4).hex()}."})
        return cls(_settings(folder, kafka, cache.url), folder, stack, embedded=bootstrap is None)

    def start_programs(self, names: Sequence[str] = PROGRAMS) -> None:
        """Start the inspector, the rebuilder and the page, or some of them, each with a log file of its
        own."""
        environment = _environment(self.settings)
        for name in names:
            with self._log(name).open("wb") as log:
                self._programs[name] = subprocess.Popen(
                    [sys.executable, "-m", "workers", "run", name],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # Ctrl-C is for the demo, which then stops them in order.
                    start_new_session=True,
                )

    def process(self, name: str) -> int:
        """The process id of a program that was started."""
        return self._programs[name].pid

    def require_alive(self) -> None:
        """Raises ``EmbeddedError`` with the end of the log of a program that ended by itself."""
        for name, program in self._programs.items():
            if program.poll() is not None:
                tail = self._log(name).read_text(errors="replace")[-_LOG_TAIL:].strip()
                raise EmbeddedError(f"the {name} ended with code {program.returncode}: {tail}")

    async def stop(self) -> dict[str, int]:
        """Stop the programs, then cache and broker; nothing is left. The exit code of each program."""
        for program in self._programs.values():
            program.terminate()
        codes = await asyncio.gather(
            *(asyncio.to_thread(_ended, program) for program in self._programs.values())
        )
        await asyncio.to_thread(self._stack.close)
        return dict(zip(self._programs, codes, strict=True))

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


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


def _environment(settings: Settings) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PATCHLINE_")}
    return inherited | environment_of(settings)


def _ended(program: "subprocess.Popen[bytes]") -> int:
    try:
        return program.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        program.kill()
        return program.wait()
