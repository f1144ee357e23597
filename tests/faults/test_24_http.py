"""Case 24: attackers at the page's port and on its topic, against real processes: refused with the right
status, nothing told of the inside, and in the audit."""

import contextlib
import socket
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.command import Rebuild
from service.accounts.audit import Action
from service.web.connection import HEAD_SECONDS
from tests.faults.clients import QUIET
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW
from tests.harness.processes import Program
from tests.harness.topics import unique_prefix
from tests.signing.keyring import COMMANDS, Keyring
from tests.system.installation import START_SECONDS, Installation, installed

pytestmark = LAW
PASSWORD = "three blue lathes"  # noqa: S105 - of nobody
BODY = 10_000_000_000
SLOW_CLIENTS = 50
BOUND_MIB = 64
NEWS = (
    Action.NOT_ADMITTED,
    Action.ROLE_REFUSED,
    Action.FORGERY_REFUSED,
    Action.LOG_IN_FAILED,
    Action.LOG_IN_THROTTLED,
    Action.TOKEN_REVOKED,
)
INSIDE = ("Traceback", "site-packages", 'File "', "sqlite3", "service/web")


@dataclass
class Fort:
    """A page with users and keys, on real processes, and the one who attacks it."""

    installation: Installation
    page: Program
    ring: Keyring
    folder: Path

    @property
    def url(self) -> str:
        return self.installation.page

    def token(self, role: str, *more: str) -> str:
        """A new token of the user with that role, as its file has it."""
        file = self.folder / uuid4().hex
        made = self.installation.patchline(
            *("tokens", "new", "test", "--user", role, "--role", role, "--out", str(file), *more)
        )
        assert made.returncode == 0, made.stderr
        return file.read_text().strip()

    def client(self, token: str | None = None) -> httpx.Client:
        """Whoever shows this token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def audited(self) -> list[dict[str, str]]:
        """What the audit says by now, newest first."""
        with self.client(self.token("engineer")) as client:
            found: list[dict[str, str]] = client.get("/v1/audit?limit=500").json()["entries"]
            return found


@pytest.fixture(scope="module")
def fort(kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fort]:
    folder = tmp_path_factory.mktemp("fort")
    ring = Keyring(folder / "keys")
    ring.folder.mkdir()
    ring.new("page", COMMANDS)
    with installed(folder, kafka_bootstrap, unique_prefix()) as made:
        signing = ring.settings(commands="page")
        keyed = Installation(made.settings.model_copy(update={"signing": signing}), made.cache)
        (folder / "password").write_text(PASSWORD)
        for role in ("engineer", "operator", "viewer"):
            added = keyed.patchline(
                *("users", "add", role, "--role", role, "--password-file", str(folder / "password"))
            )
            assert added.returncode == 0, added.stderr
        with keyed.program("web") as page:
            page.wait_for_line("page ready", START_SECONDS)
            yield Fort(keyed, page, ring, folder)


def refused(answer: httpx.Response, *statuses: int) -> None:
    """Refused as it must be, with nothing of the inside."""
    place = f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:300]}"
    assert answer.status_code in statuses, place
    assert not [word for word in INSIDE if word in answer.text], place
    assert "access-control-allow-origin" not in answer.headers


def test_what_is_not_to_be_had_is_refused_and_told_to_the_engineer(fort: Fort) -> None:
    attacks = (traversals, bad_tokens, lower_roles, forged_requests, guessed_passwords)
    before = commands_written(fort)
    tried = sum(attack(fort) for attack in attacks)
    told = {entry["action"] for entry in fort.audited()}
    assert {action.value for action in NEWS} <= told
    assert "Traceback" not in fort.page.output()
    assert commands_written(fort) == before
    figure = f"{tried} requests refused with the right status, none told of the inside; audit complete"
    tell(Figure(24, "refused", tried, figure))


def traversals(fort: Fort) -> int:
    uid = uuid4()
    paths = (
        *("/v1/frames/..%2f..%2fetc/passwd", f"/v1/frames/a/{uid}/heatmaps/..%2f{'0' * 64}.png"),
        *("/v1/lines/..%2fa", "/v1/lines/A", "/v1/verdicts?line=../a", "/v1/verdicts?cursor=1%27--"),
        *("/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/%5c..%5capp.py"),
        *(f"/v1/frames/a%00/{uid}", "/v1/commands/1", "/v1/dead-letters/0/-1", "/v1/dead-letters/x/y"),
    )
    with fort.client(fort.token("engineer")) as client:
        for path in paths:
            refused(client.get(path), 404, 422)
    return len(paths)


def bad_tokens(fort: Fort) -> int:
    expired = fort.token("viewer")
    revoked = fort.token("operator")
    name = revoked.split("_")[1]
    assert fort.installation.patchline("tokens", "revoke", name).returncode == 0
    expire(fort, expired.split("_")[1])
    forged = [
        "x",
        "patchline_" + "0" * 16 + "_" + "A" * 43,
        expired[:-1],
        "a" * 4000,
        "'; DROP TABLE users;--",
    ]
    for token in (expired, revoked, *forged):
        with fort.client() as client:
            client.headers["Authorization"] = f"Bearer {token}"
            refused(client.get("/v1/lines"), 401)
            refused(client.post("/v1/lines/a/commands", json={"kind": "Rebuild"}), 401)
            refused(client.get("/v1/events"), 401)
    return 3 * (2 + len(forged))


def expire(fort: Fort, name: str) -> None:
    """Let a token's day be over, as time would."""
    with sqlite3.connect(fort.installation.settings.web.accounts) as connection:
        connection.execute("UPDATE tokens SET expires_at = 1 WHERE id = ?", (name,))
    connection.close()


def lower_roles(fort: Fort) -> int:
    asked: list[tuple[str, str, str, object]] = [
        ("viewer", "POST", "/v1/lines/a/approvals", {"frames": ["x"]}),
        ("viewer", "POST", "/v1/lines/a/commands", {"kind": "ConfirmDefect", "frame": "x"}),
        ("operator", "POST", "/v1/lines/a/commands", {"kind": "Rebuild"}),
        ("operator", "POST", "/v1/lines/a/commands", {"kind": "Rollback"}),
        ("operator", "POST", "/v1/dead-letters/drop", {"ids": ["0/1"]}),
        ("operator", "GET", "/v1/users", None),
        ("operator", "POST", "/v1/users", {"name": "me", "role": "engineer", "password": PASSWORD}),
        ("operator", "PATCH", "/v1/users/operator", {"role": "engineer"}),
        ("operator", "POST", "/v1/tokens", {"user": "engineer", "role": "engineer", "label": "x"}),
        ("operator", "GET", "/v1/audit", None),
    ]
    for role, method, path, body in asked:
        with fort.client(fort.token(role)) as client:
            refused(client.request(method, path, json=body), 403)
    with fort.client(fort.token("viewer", "--line", "a")) as client:
        for path in ("/v1/lines", "/v1/verdicts", "/v1/verdicts?line=b", "/v1/lines/b", "/v1/events?line=b"):
            refused(client.get(path), 403)
    return len(asked) + 5


def forged_requests(fort: Fort) -> int:
    """What a browser sends in an engineer's session for another site, and what it may not read."""
    own = {"Origin": fort.url}
    foreign: list[dict[str, str]] = [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Referer": "https://evil.example/"},
        {},
    ]
    with fort.client() as client:
        body = {"name": "engineer", "password": PASSWORD}
        assert client.post("/v1/session", json=body, headers=own).status_code == 200
        for headers in foreign:
            refused(client.post("/v1/lines/a/commands", json={"kind": "Rebuild"}, headers=headers), 403)
            form = {**headers, "Content-Type": "text/plain"}
            refused(
                client.post("/v1/lines/a/commands", content='{"kind": "Rebuild"}', headers=form), 403, 415
            )
            read = client.get("/v1/lines", headers={**headers, "Origin": "https://evil.example"})
            assert "access-control-allow-origin" not in read.headers
        preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        refused(client.options("/v1/lines/a/commands", headers=preflight), 403, 405)
        refused(client.get("/v1/lines", headers={"Host": "evil.example"}), 421)
    return 2 * len(foreign) + 2


def guessed_passwords(fort: Fort) -> int:
    answers = []
    with fort.client() as client:
        for name in ("viewer", "nobody"):
            for number in range(6):
                body = {"name": name, "password": f"guess {number} of many"}
                answers.append(client.post("/v1/session", json=body, headers={"Origin": fort.url}))
    assert [answer.status_code for answer in answers] == [*[401] * 5, 429] * 2
    assert answers[0].text == answers[6].text
    return len(answers)


def test_a_command_that_nobody_trusted_signed_is_nobodys_command(fort: Fort) -> None:
    settings = fort.installation.settings.kafka
    stranger = Keyring(fort.folder / "stranger")
    stranger.folder.mkdir()
    signer = stranger.new("page", COMMANDS)
    command = Rebuild(command_id=uuid4(), line="a", actor="engineer", issued_at=datetime.now(UTC))
    producer = Producer({"bootstrap.servers": settings.bootstrap})
    topic, value = f"{settings.topic_prefix}commands", command.to_bytes()
    before = commands_written(fort)
    [(name, forged)] = signer.record("a", value)
    for headers in ({}, {name: forged}, {name: b"x" * 64}):
        producer.produce(topic, key=b"a", value=value, headers=dict[str, str | bytes | None](headers))
    assert producer.flush(30) == 0
    assert commands_written(fort) == before + 3
    with fort.client(fort.token("engineer")) as client:
        # A command of the page's own comes after those, so the page has read them once it knows this one.
        asked = client.post("/v1/lines/a/commands", json={"kind": "Rebuild"}).json()["command_id"]
        assert client.get(f"/v1/commands/{asked}").status_code == 200
        time.sleep(2)
        assert client.get(f"/v1/commands/{command.command_id}").status_code == 404
    tell(
        Figure(
            24, "topic", 3, "unsigned, forged and garbled commands on the topic: none is known to the page"
        )
    )


def commands_written(fort: Fort) -> int:
    """How many records the commands topic has."""
    settings = fort.installation.settings.kafka
    consumer = Consumer({**QUIET, "bootstrap.servers": settings.bootstrap, "group.id": "case-24"})
    try:
        place = TopicPartition(f"{settings.topic_prefix}commands", 0)
        return int(consumer.get_watermark_offsets(place, timeout=30)[1])
    finally:
        consumer.close()


def test_ten_gigabytes_and_slow_heads_cost_next_to_nothing(fort: Fort) -> None:
    web = psutil.Process(fort.page.pid)
    before = web.memory_info().rss
    took = sum(pushed(fort, head) for head in (announced(fort), chunked(fort)))
    slow = [opened(fort) for _ in range(SLOW_CLIENTS)]
    for client in slow:
        client.sendall(b"GET /v1/lines HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
    began, worst = time.monotonic(), 0.0
    while time.monotonic() - began < 2 * HEAD_SECONDS and any(dripped(client) for client in slow):
        asked = time.monotonic()
        assert httpx.get(f"{fort.url}/login", timeout=30).status_code == 200
        worst = max(worst, time.monotonic() - asked)
        time.sleep(0.5)
    lasted = time.monotonic() - began
    for client in slow:
        client.close()
    grown = (web.memory_info().rss - before) / 2**20
    assert lasted < 2 * HEAD_SECONDS
    assert grown < BOUND_MIB
    figure = (
        f"10 GB: {took / 2**20:.1f} MiB taken; {SLOW_CLIENTS} slow heads gone after {lasted:.0f} s, "
        f"the page answered within {worst * 1000:.0f} ms; memory +{grown:.0f} MiB"
    )
    tell(Figure(24, "exhaustion", 2 + SLOW_CLIENTS, figure, f"{BOUND_MIB} MiB"))


def opened(fort: Fort) -> socket.socket:
    where = urlsplit(fort.url)
    return socket.create_connection((where.hostname or "", where.port or 80), timeout=30)


def dripped(client: socket.socket) -> bool:
    """Whether one more byte could be sent, and nothing came back."""
    try:
        client.sendall(b"a")
        client.setblocking(False)
        return client.recv(1) is None
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        client.settimeout(30)


def announced(fort: Fort) -> bytes:
    return post(fort, f"Content-Length: {BODY}")


def chunked(fort: Fort) -> bytes:
    return post(fort, "Transfer-Encoding: chunked")


def post(fort: Fort, length: str) -> bytes:
    lines = (
        "POST /v1/lines/a/commands HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        length,
    )
    token = f"Authorization: Bearer {fort.token('engineer')}"
    return "\r\n".join((*lines, token, "", "")).encode()


def pushed(fort: Fort, head: bytes) -> int:
    """Send until it is cut off; how many bytes went in before."""
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    sent, told = 0, b""
    with opened(fort) as client:
        client.sendall(head)
        with contextlib.suppress(OSError):
            while sent < BODY:
                client.sendall(piece)
                sent += len(piece)
        with contextlib.suppress(OSError):
            told = client.recv(65536)
    assert told.startswith(b"HTTP/1.1 413"), told[:200]
    assert sent < BODY / 100
    return sent
