"""Apache Kafka in KRaft mode: one node for most tests, three where a quorum matters."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from service.embedded.server import HOST, free_port
from tests.harness.kafka_libs import kafka_libs, missing_tool
from tests.harness.processes import Program

START_SECONDS = 60.0
CLUSTER_ID = "cGF0Y2hsaW5lLXRlc3RzAA"
JAVA = ("java", "-Xmx512m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def require_kafka(test: str) -> None:
    """Skip a test by its name and reason where Kafka cannot run; fail it with PATCHLINE_REQUIRE_KAFKA=1."""
    reason = None if os.environ.get("PATCHLINE_TEST_KAFKA") else missing_tool()
    if reason is not None and os.environ.get("PATCHLINE_REQUIRE_KAFKA") == "1":
        pytest.fail(f"{test} requires Apache Kafka: {reason}", pytrace=False)
    if reason is not None:
        pytest.skip(f"{test} needs Apache Kafka: {reason}")


@dataclass(frozen=True)
class Node:
    """One broker and controller of a cluster."""

    number: int
    port: int
    controller_port: int
    folder: Path


class KafkaCluster:
    """Nodes that are brokers and controllers at once. A context manager; nodes can be frozen or killed."""

    def __init__(self, nodes: int = 1) -> None:
        self._count = nodes
        self.nodes: list[Node] = []
        self.programs: list[Program] = []

    @property
    def bootstrap(self) -> str:
        """What goes into ``KafkaSettings.bootstrap``."""
        return ",".join(f"{HOST}:{node.port}" for node in self.nodes)

    def start(self) -> None:
        """Format the data folders, start every node, and wait until all of them are in the metadata."""
        self._folder = tempfile.TemporaryDirectory(prefix="patchline-kafka-")
        home = Path(self._folder.name)
        self.nodes = [Node(n, free_port(), free_port(), home / str(n)) for n in range(1, self._count + 1)]
        for node in self.nodes:
            self._prepare(node)
        self.programs = [Program(_kafka(node)).start() for node in self.nodes]
        self._wait()

    def stop(self) -> None:
        """Kill every node: the data is thrown away, so nothing is owed an orderly end."""
        for program in self.programs:
            if program.running:
                program.signal(signal.SIGKILL)
            program.stop()
        self._folder.cleanup()

    def kill(self, number: int) -> None:
        """End a node by SIGKILL; what it has acknowledged lies in its folder."""
        self.programs[number].signal(signal.SIGKILL)
        self.programs[number].stop()

    def revive(self, number: int) -> None:
        """Start a node again where it was, and wait until all of them are in the metadata."""
        self.programs[number].start()
        self._wait()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare(self, node: Node) -> None:
        node.folder.mkdir()
        _properties(node).write_text(_configuration(node, self.nodes))
        tool = ("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(_properties(node)))
        subprocess.run([*JAVA, "-cp", _classpath(), *tool], check=True, capture_output=True, timeout=60)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if _brokers(self.bootstrap) == self._count:
                return
            time.sleep(0.1)
        raise AssertionError(f"Kafka did not start: {[p.output()[-2000:] for p in self.programs]}")


def _brokers(bootstrap: str) -> int:
    """How many brokers answer; librdkafka is told to keep its complaints about a starting one to itself."""
    options: dict[str, Any] = {"bootstrap.servers": bootstrap, "log_level": 0, "error_cb": lambda _: None}
    admin = AdminClient(options)
    try:
        return len(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return 0


def _kafka(node: Node) -> list[str]:
    return [*JAVA, "-cp", _classpath(), "kafka.Kafka", str(_properties(node))]


def _classpath() -> str:
    return f"{kafka_libs()}/*"


def _properties(node: Node) -> Path:
    return node.folder / "server.properties"


def _configuration(node: Node, nodes: Sequence[Node]) -> str:
    replicas = min(3, len(nodes))
    settings = {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": ",".join(f"{n.number}@{HOST}:{n.controller_port}" for n in nodes),
        "listeners": f"PLAINTEXT://{HOST}:{node.port},CONTROLLER://{HOST}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{node.port}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": node.folder / "data",
        "offsets.topic.replication.factor": replicas,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.num.partitions": 4,
        "transaction.state.log.min.isr": min(2, replicas),
        "default.replication.factor": replicas,
        "min.insync.replicas": min(2, replicas),
        "replica.fetch.max.bytes": 16 * 2**20,
        "socket.request.max.bytes": 128 * 2**20,
        "log.cleaner.dedupe.buffer.size": 4 * 2**20,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
