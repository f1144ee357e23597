"""A request's body, bounded in size and in time; one that nobody waits for ends its connection."""

import asyncio
import re
import time
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Send

MAX_BODY_BYTES = 1_000_000
BODY_SECONDS = 30.0
# A picture of a good part may be as large as a frame that comes by reference.
MAX_PICTURE_BYTES = 33_554_432
PICTURE_SECONDS = 120.0
PICTURES = re.compile(r"/v1/lines/[^/]+/pictures")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many bytes a body may have, and how long it may take to be whole."""

    size: int
    seconds: float

    @property
    def too_large(self) -> str:
        """What is said of a larger one."""
        return f"the body is larger than {self.size:,} bytes: send less at a time"

    @property
    def too_slow(self) -> str:
        """What is said of a slower one."""
        return f"the body was not whole after {self.seconds:g} s: send it again, faster"


PICTURE = Bounds(MAX_PICTURE_BYTES, PICTURE_SECONDS)


def bounds_of(path: str) -> Bounds:
    """The bounds of a request's body, by where it is sent."""
    return PICTURE if PICTURES.fullmatch(path) else Bounds(MAX_BODY_BYTES, BODY_SECONDS)


class Body:
    """Stands before ``receive`` and ``send`` of one request. Nothing is kept of what passes through."""

    def __init__(self, headers: Headers, receive: Receive, send: Send, bounds: Bounds) -> None:
        self._receive, self._send, self._bounds = receive, send, bounds
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
        if self._taken > self._bounds.size:
            raise HTTPException(413, self._bounds.too_large)
        return message

    async def send(self, message: Message) -> None:
        """An answer before the body is whole is the last on its connection: the rest is not read."""
        if message["type"] == "http.response.start" and not self._whole:
            MutableHeaders(scope=message)["Connection"] = "close"
        await self._send(message)

    async def _next(self) -> Message:
        if self._whole:
            return await self._receive()
        self._deadline = self._deadline or time.monotonic() + self._bounds.seconds
        try:
            async with asyncio.timeout(self._deadline - time.monotonic()):
                return await self._receive()
        except TimeoutError as error:
            raise HTTPException(408, self._bounds.too_slow) from error


def announced_bytes(headers: Headers) -> int:
    """How long a body says that it is; past every limit where it says no number."""
    length = headers.get("content-length", "0")
    return int(length[:20]) if length.isdecimal() else 2**62
