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
from tests.harness.proxy import Proxy

START_SECONDS = 60.0
CLUSTER_ID = "cGF0Y2hsaW5lLXRlc3RzAA"
JAVA = ("java", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
# Three brokers share what one has.
HEAP_MIB = {1: 512, 3: 256}


def require_kafka(test: str) -> None:
    """Skip a test by its name and reason where Kafka cannot run; fail it with PATCHLINE_REQUIRE_KAFKA=1."""
    reason = None if os.environ.get("PATCHLINE_TEST_KAFKA") else missing_tool()
    if reason is not None and os.environ.get("PATCHLINE_REQUIRE_KAFKA") == "1":
        pytest.fail(f"{test} requires Apache Kafka: {reason}", pytrace=False)
    if reason is not None:
        pytest.skip(f"{test} needs Apache Kafka: {reason}")


@dataclass(frozen=True)
class Security:
    """A second listener that speaks SASL_SSL: the broker's key and certificate, the authority that signed
    every client's, and the one user, kept by SCRAM-SHA-512."""

    keystore: Path
    authority: Path
    user: str
    password: str

    def settings(self) -> dict[str, object]:
        """What the listener called SECURE needs."""
        login = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        return {
            "listener.name.secure.ssl.keystore.type": "PEM",
            "listener.name.secure.ssl.keystore.location": self.keystore,
            "listener.name.secure.ssl.truststore.type": "PEM",
            "listener.name.secure.ssl.truststore.location": self.authority,
            "listener.name.secure.ssl.client.auth": "required",
            "listener.name.secure.sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.secure.scram-sha-512.sasl.jaas.config": login,
        }

    def credentials(self) -> tuple[str, ...]:
        """What the data folder is formatted with."""
        return ("--add-scram", f"SCRAM-SHA-512=[name={self.user},password={self.password}]")


@dataclass(frozen=True)
class Node:
    """One broker and controller of a cluster. Who connects to ``proxied_port`` is told that the broker lies
    at ``proxy_port``, where nothing listens but the proxy of a test."""

    number: int
    port: int
    controller_port: int
    proxied_port: int
    proxy_port: int
    secure_port: int
    folder: Path

    @classmethod
    def on_free_ports(cls, number: int, folder: Path) -> "Node":
        """A node that has no folder yet."""
        return cls(number, free_port(), free_port(), free_port(), free_port(), free_port(), folder)


class KafkaCluster:
    """Nodes that are brokers and controllers at once. A context manager; nodes can be frozen or killed. Their
    data lies in a temporary folder, made in ``home`` if that is given."""

    def __init__(self, nodes: int = 1, home: Path | None = None, security: Security | None = None) -> None:
        self._count, self._home, self._security = nodes, home, security
        self.nodes: list[Node] = []
        self.programs: list[Program] = []

    @property
    def bootstrap(self) -> str:
        """What goes into ``KafkaSettings.bootstrap``."""
        return ",".join(f"{HOST}:{node.port}" for node in self.nodes)

    @property
    def secure_bootstrap(self) -> str:
        """The same by the listeners that speak SASL_SSL."""
        return ",".join(f"{HOST}:{node.secure_port}" for node in self.nodes)

    def start(self) -> None:
        """Format the data folders, start every node, and wait until all of them are in sync."""
        self._folder = tempfile.TemporaryDirectory(prefix="patchline-kafka-", dir=self._home)
        home = Path(self._folder.name)
        self.nodes = [Node.on_free_ports(n, home / str(n)) for n in range(1, self._count + 1)]
        for node in self.nodes:
            self._prepare(node)
        self.programs = [Program(_kafka(node, HEAP_MIB[self._count])).start() for node in self.nodes]
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

    def end(self, number: int) -> None:
        """Let a node end in order, as an administrator does: others lead its partitions first."""
        self.programs[number].signal(signal.SIGTERM)
        self.programs[number].wait(START_SECONDS)
        self.programs[number].stop()

    def revive(self, *numbers: int) -> None:
        """Start nodes again where they were, and wait until all nodes have all of their replicas in sync."""
        for number in numbers:
            self.programs[number].start()
        self._wait()

    def proxy(self, number: int = 0) -> Proxy:
        """A proxy before a node, not yet begun: a client of its address reaches the node through it alone."""
        node = self.nodes[number]
        return Proxy(node.proxy_port, node.proxied_port)

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
        _properties(node).write_text(_configuration(node, self.nodes, self._security))
        tool = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(_properties(node))]
        tool += self._security.credentials() if self._security else ()
        subprocess.run([*JAVA, "-cp", _classpath(), *tool], check=True, capture_output=True, timeout=120)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if _brokers_in_sync(self.bootstrap) == self._count:
                return
            time.sleep(0.1)
        raise AssertionError(f"Kafka did not start: {[p.output()[-2000:] for p in self.programs]}")


def _brokers_in_sync(bootstrap: str) -> int:
    """How many brokers there are, 0 while a replica lags; librdkafka is told to keep its complaints about a
    starting one to itself."""
    options: dict[str, Any] = {"bootstrap.servers": bootstrap, "log_level": 0, "error_cb": lambda _: None}
    admin = AdminClient(options)
    try:
        told = admin.list_topics(timeout=1)
    except KafkaException:
        return 0
    partitions = [partition for topic in told.topics.values() for partition in topic.partitions.values()]
    lagging = any(len(partition.isrs) < len(partition.replicas) for partition in partitions)
    return 0 if lagging else len(told.brokers)


def _kafka(node: Node, heap_mib: int) -> list[str]:
    return [*JAVA, f"-Xmx{heap_mib}m", "-cp", _classpath(), "kafka.Kafka", str(_properties(node))]


def _classpath() -> str:
    return f"{kafka_libs()}/*"


def _properties(node: Node) -> Path:
    return node.folder / "server.properties"


def _configuration(node: Node, nodes: Sequence[Node], security: Security | None) -> str:
    replicas = min(3, len(nodes))
    secure = f",SECURE://{HOST}:{node.secure_port}" if security else ""
    settings = {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": ",".join(f"{n.number}@{HOST}:{n.controller_port}" for n in nodes),
        "listeners": f"PLAINTEXT://{HOST}:{node.port},PROXIED://{HOST}:{node.proxied_port}{secure},"
        f"CONTROLLER://{HOST}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{node.port},PROXIED://{HOST}:{node.proxy_port}{secure}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT"
        + (",SECURE:SASL_SSL" if security else ""),
        "inter.broker.listener.name": "PLAINTEXT",
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
        "log.index.size.max.bytes": 2**20,
        "log.cleaner.dedupe.buffer.size": 4 * 2**20,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        **(security.settings() if security else {}),
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
