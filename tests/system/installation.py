"""An installation of real processes: our programs, a broker, a cache, a folder as object store."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer

from service.embedded.server import free_port
from service.embedded.valkey import EmbeddedCache
from service.settings import (
    EngineSettings,
    InspectorSettings,
    KafkaSettings,
    RedisSettings,
    Settings,
    StoreSettings,
    WebSettings,
    environment_of,
)
from tests.harness.processes import Program

START_SECONDS = 90.0


class Installation:
    """Programs are started by their own command lines, under an environment of their own."""

    def __init__(self, settings: Settings, cache: EmbeddedCache) -> None:
        self.settings, self.cache = settings, cache
        self.page = settings.web.public_url
        self._environment = environment_of(settings)

    @property
    def prefix(self) -> str:
        return self.settings.kafka.topic_prefix

    def program(self, name: str) -> Program:
        """``patchline run NAME``, not yet started."""
        return Program.ours("workers", "run", name, "--log-format", "json", env=self._environment)

    def patchline(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """One command of the command line, run to its end."""
        return subprocess.run(
            [sys.executable, "-m", "workers", *arguments],
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def ledger(self) -> dict[str, Any]:
        """What ``patchline ledger check --json`` says."""
        report: dict[str, Any] = json.loads(self.patchline("ledger", "check", "--json").stdout)
        return report

    def send(
        self, line: str, data: bytes, headers: list[tuple[str, str | bytes | None]] | None = None
    ) -> None:
        """A frame as librdkafka sends it: a client that knows nothing of us."""
        producer = Producer({"bootstrap.servers": self.settings.kafka.bootstrap})
        producer.produce(f"{self.prefix}frames", key=line.encode(), value=data, headers=headers or [])
        assert producer.flush(10) == 0

    def read(self, topic: str, count: int, seconds: float = 60.0) -> list[dict[str, Any]]:
        """So many JSON values of a topic from its beginning, as librdkafka reads them."""
        options = {
            "bootstrap.servers": self.settings.kafka.bootstrap,
            "group.id": f"test-{free_port()}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
        consumer = Consumer(options)
        consumer.subscribe([f"{self.prefix}{topic}"])
        found: list[dict[str, Any]] = []
        try:
            for _ in range(int(seconds * 5)):
                message = consumer.poll(0.2)
                if message is not None and message.error() is None:
                    found.append(json.loads(message.value() or b""))
                if len(found) >= count:
                    return found
        finally:
            consumer.close()
        raise AssertionError(f"{len(found)} of {count} records came on {topic} within {seconds} s")


@contextmanager
def installed(
    folder: Path, bootstrap: str, prefix: str, *, replication: int = 1, cache_bytes: int = 256 * 2**20
) -> Iterator[Installation]:
    """Topics created, a cache of its own, nothing else started."""
    with EmbeddedCache(max_bytes=cache_bytes) as cache:
        port = free_port()
        settings = Settings(
            kafka=KafkaSettings(
                bootstrap=bootstrap,
                topic_prefix=prefix,
                partitions=2,
                replication=replication,
                session_timeout_ms=6_000,
                heartbeat_ms=500,
                start_seconds=30,
            ),
            redis=RedisSettings(url=cache.url),
            store=StoreSettings(url=(folder / "store").as_uri(), cache_dir=folder / "cache"),
            inspector=InspectorSettings(max_wait_ms=20),
            engine=EngineSettings(threads=1),
            web=WebSettings(
                port=port, public_url=f"http://127.0.0.1:{port}", accounts=folder / "accounts.sqlite"
            ),
        )
        installation = Installation(settings, cache)
        created = installation.patchline("topics", "create")
        assert created.returncode == 0, created.stderr
        yield installation
