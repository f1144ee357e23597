"""A connection waits for nobody: slow heads, endless bodies, readers that read nothing, and too many."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from service.web import body, connection
from service.web.page import Page, served
from tests.web.plant import Plant

PATIENCE = 20
HEAD = b"POST /v1/lines/a/approvals HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
GET = b"GET /v1/lines HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def port(plant: Plant, page: Page, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(connection, "STUCK_SECONDS", 0.5)
    monkeypatch.setattr(body, "BODY_SECONDS", 0.5)
    async with served(plant.settings, page) as url:
        yield urlsplit(url).port or 0


async def opened(port: int) -> Streams:
    return await asyncio.open_connection("127.0.0.1", port)


async def answer(reader: asyncio.StreamReader) -> bytes:
    """Everything until the connection is closed."""
    return await asyncio.wait_for(reader.read(), PATIENCE)


async def test_a_head_that_comes_byte_by_byte_is_given_up(port: int) -> None:
    reader, writer = await opened(port)

    async def drip() -> None:
        for byte in GET * 100:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.1)

    dripping = asyncio.create_task(drip())
    assert (await answer(reader)).startswith(b"HTTP/1.1 408")
    dripping.cancel()
    writer.close()


async def test_a_connection_that_says_nothing_is_closed(port: int) -> None:
    reader, writer = await opened(port)
    assert await answer(reader) == b""
    writer.close()


async def test_a_second_head_on_a_kept_connection_has_the_same_deadline(port: int) -> None:
    reader, writer = await opened(port)
    writer.write(GET)
    first = await asyncio.wait_for(reader.readuntil(b"[]"), PATIENCE)
    writer.write(b"GET /v1/li")
    assert first.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in await answer(reader)
    writer.close()


async def test_a_quick_request_outlives_the_deadline_of_heads(port: int) -> None:
    reader, writer = await opened(port)
    writer.write(GET)
    assert await asyncio.wait_for(reader.readuntil(b"[]"), PATIENCE)
    await asyncio.sleep(0.7)
    writer.write(GET)
    assert await asyncio.wait_for(reader.readuntil(b"[]"), PATIENCE)
    writer.close()


async def test_ten_gigabytes_are_refused_before_a_byte_of_them(port: int) -> None:
    reader, writer = await opened(port)
    writer.write(HEAD + b"Content-Length: 10000000000\r\nExpect: 100-continue\r\n\r\n")
    told = await answer(reader)
    assert told.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in told.lower()
    writer.close()


def pushed(port: int, head: bytes, chunk: bytes, most: int) -> tuple[int, bytes]:
    """How many bytes of an endless body were taken, and the answer: as a client that only sends."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as mine:
        mine.sendall(head)
        sent = 0
        with contextlib.suppress(OSError):
            while sent < most:
                mine.sendall(chunk)
                sent += len(chunk)
        told = b""
        with contextlib.suppress(OSError):
            told = mine.recv(100_000)
    return sent, told


async def test_a_body_without_a_length_is_cut_at_the_limit_and_its_connection_closed(port: int) -> None:
    chunk = b"%x\r\n%s\r\n" % (64 * 1024, b" " * 64 * 1024)
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    sent, told = await asyncio.to_thread(pushed, port, head, chunk, 1000 * body.MAX_BODY_BYTES)
    # What the sockets of both sides hold comes on top of the limit.
    assert sent < 40 * body.MAX_BODY_BYTES
    assert told.startswith(b"HTTP/1.1 413")


async def test_a_body_that_stays_away_is_given_up(port: int) -> None:
    reader, writer = await opened(port)
    writer.write(HEAD + b"Content-Length: 100\r\n\r\n{")
    assert (await answer(reader)).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_a_refusal_does_not_read_the_body_that_it_refuses(port: int) -> None:
    reader, writer = await opened(port)
    writer.write(HEAD.replace(b"json", b"html") + b"Transfer-Encoding: chunked\r\n\r\n")
    assert (await answer(reader)).startswith(b"HTTP/1.1 415")
    writer.close()


async def test_headers_past_the_limit_are_refused(port: int) -> None:
    reader, writer = await opened(port)
    writer.write(GET[:-2] + b"X-Long: " + b"a" * 2 * connection.MAX_HEAD_BYTES)
    told = await answer(reader)
    assert told.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))
    assert b"Traceback" not in told
    writer.close()


async def test_one_address_may_not_have_every_connection(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_OF_ADDRESS", 3)
    monkeypatch.setattr(connection, "HEAD_SECONDS", 60)
    held = [await opened(port) for _ in range(3)]
    reader, refused = await opened(port)
    with contextlib.suppress(ConnectionResetError):
        assert await answer(reader) == b""
    refused.close()
    for _, writer in held:
        writer.close()
        await writer.wait_closed()
    for _ in range(100):
        reader, writer = await opened(port)
        writer.write(GET)
        try:
            assert await asyncio.wait_for(reader.readuntil(b"[]"), PATIENCE)
        except (OSError, asyncio.IncompleteReadError):
            # The server has not heard yet that the others are closed.
            await asyncio.sleep(0.05)
        else:
            break
    else:
        pytest.fail("no connection was taken after others had closed")
    writer.close()
