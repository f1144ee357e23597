"""Case 21: a browser that does not read what it is sent, 500 that sit idle, and a consumer of alerts that
stands still."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import httpx
import psutil
from confluent_kafka import Consumer

from tests.faults.clients import QUIET
from tests.faults.delays import delays
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY, percentile, times
from tests.faults.ground import RATE, Ground
from tests.harness.processes import Program

pytestmark = [*LAW, LONG_ONLY]
IDLE = 500
BOUND_MIB = 128
NOISE, SLACK_SECONDS = 1.5, 0.05
READING_SECONDS = 20.0


def browser(page: str, *, window: int | None = None, line: str = "") -> socket.socket:
    """A connection that asked for the live stream; with a window it takes no more than so many bytes."""
    url = httpx.URL(page)
    made = socket.socket()
    if window is not None:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    made.settimeout(30)
    made.connect((url.host, url.port or 80))
    made.sendall(f"GET /v1/events{line} HTTP/1.1\r\nHost: {url.netloc.decode()}\r\n\r\n".encode())
    return made


def caught_up_with(reader: socket.socket) -> tuple[bytes, str]:
    """What still comes, once it is read again, and how it went on."""
    told, until = bytearray(), time.monotonic() + READING_SECONDS
    with suppress(ConnectionResetError, TimeoutError):
        while piece := reader.recv(65536):
            told += piece
            if time.monotonic() > until:
                return bytes(told), "went on, for the system's buffers held what it had not read"
    return bytes(told), "was ended with reload" if b"event: reload" in told else "was ended by the page"


@contextmanager
def page_of(ground: Ground) -> Iterator[Program]:
    """The page, caught up."""
    with ground.installation.program("web") as page:
        page.wait_for_line("page ready", 180)
        yield page


def test_readers_that_do_not_read_hold_up_nobody_and_cost_bounded_memory(ground: Ground) -> None:
    seconds = times(short=90, long=300)
    rate = 2 * RATE
    with ground.inspector() as inspector, page_of(ground) as page, ground.load(rate), ExitStack() as stack:
        inspector.ready()
        ground.caught_up()
        web = psutil.Process(page.pid)
        alerts = stack.enter_context(still_consumer(ground))
        calm = time.time()
        time.sleep(20)
        base, struck = web.memory_info().rss, time.time()
        idle = [
            stack.enter_context(browser(ground.installation.page, line="?line=nobody")) for _ in range(IDLE)
        ]
        slow = stack.enter_context(browser(ground.installation.page, window=4096))
        time.sleep(seconds)
        grown = (web.memory_info().rss - base) / 2**20
        after = time.time()
        told, how = caught_up_with(slow)
        answers = [reader.recv(12) for reader in idle]
        lines = httpx.get(f"{ground.installation.page}/v1/lines", timeout=30)
        del alerts
        report = ground.account()
    assert lines.status_code == 200
    assert answers.count(b"HTTP/1.1 200") == IDLE
    assert b"event: verdict" in told or b"event: reload" in told
    effective = ground.effective()
    before = percentile(delays(effective, calm, struck), 0.99)
    during = percentile(delays(effective, struck, after), 0.99)
    figure = (
        f"{IDLE} idle and one that did not read for {seconds} s: its stream {how}; the page's memory "
        f"{grown:+.0f} MiB; clean over {report['accepted']} frames, p99 {before:.2f} s before and "
        f"{during:.2f} s during"
    )
    held = grown <= BOUND_MIB and during <= NOISE * before + SLACK_SECONDS
    tell(Figure(21, "slow-readers", 1, figure, f"<= {BOUND_MIB} MiB, p99 <= {NOISE:g} x", held))


@contextmanager
def still_consumer(ground: Ground) -> Iterator[Consumer]:
    """A consumer of alerts that joined its group, took one, and asks for no more."""
    options = {
        **QUIET,
        "bootstrap.servers": ground.settings.kafka.bootstrap,
        "group.id": "sink",
        "auto.offset.reset": "earliest",
    }
    consumer = Consumer(options)
    try:
        consumer.subscribe([f"{ground.settings.kafka.topic_prefix}alerts"])
        deadline = time.monotonic() + 60
        while consumer.poll(0.5) is None:
            assert time.monotonic() < deadline, "no alert came"
        yield consumer
    finally:
        consumer.close()
