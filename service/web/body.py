"""A request's body, bounded in size and in time; one that nobody waits for ends its connection."""

import asyncio
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Send

MAX_BODY_BYTES = 1_000_000
BODY_SECONDS = 30.0
TOO_LARGE = f"the body is larger than {MAX_BODY_BYTES:,} bytes: send less at a time"
TOO_SLOW = f"the body was not whole after {BODY_SECONDS:g} s: send it again, faster"


class Body:
    """Stands before ``receive`` and ``send`` of one request. Nothing is kept of what passes through."""

    def __init__(self, headers: Headers, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._whole = not (announced_bytes(headers) or "transfer-encoding" in headers)
        self._taken = 0
        self._deadline: float | None = None

    async def receive(self) -> Message:
        """What comes next. Raises ``HTTPException`` 413 and 408: the framework answers any other exception
        that a body raises with a 400 of its own."""
        message = await self._next()
        if message["type"] == "http.request":
            self._taken += len(message.get("body", b""))
            self._whole = self._whole or not message.get("more_body", False)
        if self._taken > MAX_BODY_BYTES:
            raise HTTPException(413, TOO_LARGE)
        return message

    async def send(self, message: Message) -> None:
        """An answer before the body is whole is the last on its connection: the rest is not read."""
        if message["type"] == "http.response.start" and not self._whole:
            MutableHeaders(scope=message)["Connection"] = "close"
        await self._send(message)

    async def _next(self) -> Message:
        if self._whole:
            return await self._receive()
        self._deadline = self._deadline or time.monotonic() + BODY_SECONDS
        try:
            return await asyncio.wait_for(self._receive(), self._deadline - time.monotonic())
        except TimeoutError as error:
            raise HTTPException(408, TOO_SLOW) from error


def announced_bytes(headers: Headers) -> int:
    """How long a body says that it is; past the limit where it says no number."""
    length = headers.get("content-length", "0")
    return int(length[:20]) if length.isdecimal() else MAX_BODY_BYTES + 1
