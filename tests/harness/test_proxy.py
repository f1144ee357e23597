"""The proxy itself: what it holds comes later, what it drops never does, and the other way is not touched."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from service.embedded.server import HOST, free_port
from tests.harness.proxy import Proxy, Way

SOON = 0.2


class _Echo(socketserver.BaseRequestHandler):
    received: list[bytes] = []  # noqa: RUF012 - of the one server of a test

    def handle(self) -> None:
        while data := self.request.recv(4096):
            self.received.append(data)
            self.request.sendall(data)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """Before a server that says again what it hears."""
    _Echo.received = []
    with socketserver.ThreadingTCPServer((HOST, 0), _Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Proxy(free_port(), server.server_address[1]) as made:
            yield made
        server.shutdown()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    """Connected, and known to work."""
    with socket.create_connection((HOST, proxy.port), timeout=5) as made:
        made.sendall(b"hello")
        assert made.recv(100) == b"hello"
        yield made


def _silent(client: socket.socket) -> bool:
    client.settimeout(SOON)
    try:
        client.recv(100)
    except TimeoutError:
        return True
    finally:
        client.settimeout(5)
    return False


def test_what_is_held_comes_after_healing(proxy: Proxy, client: socket.socket) -> None:
    proxy.hold()
    client.sendall(b"late")
    assert _silent(client)
    assert b"late" not in _Echo.received
    proxy.heal()
    assert client.recv(100) == b"late"


def test_answers_that_are_dropped_never_come_and_questions_still_do(
    proxy: Proxy, client: socket.socket
) -> None:
    proxy.drop(Way.TO_CLIENT)
    client.sendall(b"a question")
    assert _silent(client)
    assert _Echo.received[-1] == b"a question"
    assert proxy.dropped(Way.TO_CLIENT) == len(b"a question")
    assert proxy.dropped(Way.TO_SERVER) == 0
    proxy.heal()
    assert client.recv(100) == b"", "a stream with a hole in it must end"


def test_a_cut_ends_connections_and_refuses_no_new_one(proxy: Proxy, client: socket.socket) -> None:
    proxy.cut()
    assert client.recv(100) == b""
    with socket.create_connection((HOST, proxy.port), timeout=5) as again:
        again.sendall(b"again")
        assert again.recv(100) == b"again"


def test_a_throttled_way_takes_its_time(proxy: Proxy, client: socket.socket) -> None:
    proxy.throttle(1000, Way.TO_CLIENT)
    began = time.monotonic()
    client.sendall(bytes(300))
    received = 0
    while received < 300:
        received += len(client.recv(1000))
    assert time.monotonic() - began >= 0.3
