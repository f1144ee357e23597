"""A connection that waits for nobody for long: uvicorn's HTTP/1.1, with limits that it lacks."""

import asyncio
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

# Seconds for a whole request line with headers, and for a reader who takes nothing of what is sent.
HEAD_SECONDS = 10.0
STUCK_SECONDS = 60.0
MAX_HEAD_BYTES = 16 * 1024
# Above the number of live streams (service/web/hub.py); one address may not have them all.
MAX_CONNECTIONS = 2000
MAX_OF_ADDRESS = 1500


class _Timer:
    """Calls something after a while, unless it is disarmed; arming it again changes nothing."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._handle: asyncio.TimerHandle | None = None

    def arm(self, seconds: float) -> None:
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(seconds, self._action)

    def disarm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle = None


class Connection(H11Protocol):
    """Closed when its request's head is not whole in time, when its reader takes nothing, or when there are
    too many. Leans on names inside uvicorn: tests/web/test_connection.py must pass before its version is
    raised."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, or close it where there are too many."""
        super().connection_made(transport)
        self._late, self._stuck = _Timer(self._give_up), _Timer(transport.abort)
        self._late.arm(HEAD_SECONDS)
        if self._too_many():
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """A head that has begun must be whole in time, however often a byte of it comes."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._late.arm(HEAD_SECONDS)
        else:
            self._late.disarm()

    def pause_writing(self) -> None:
        """The reader is behind: give it a while."""
        super().pause_writing()
        self._stuck.arm(STUCK_SECONDS)

    def resume_writing(self) -> None:
        """The reader takes again."""
        self._stuck.disarm()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timers."""
        self._late.disarm()
        self._stuck.disarm()
        super().connection_lost(exc)

    def _too_many(self) -> bool:
        mine = self.client and self.client[0]
        others: Any = self.connections
        return (
            len(others) > MAX_CONNECTIONS
            or sum(1 for each in others if each.client and each.client[0] == mine) > MAX_OF_ADDRESS
        )

    def _give_up(self) -> None:
        """Say so where a head has begun; a connection that never said anything is closed in silence."""
        if self.conn.trailing_data[0] and self.conn.our_state is h11.IDLE:
            head = h11.Response(
                status_code=408, headers=[(b"connection", b"close")], reason=STATUS_PHRASES[408]
            )
            for event in (head, h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
