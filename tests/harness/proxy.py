"""A TCP proxy between a client and a server: what goes either way is passed on, held, dropped or slowed."""

import asyncio
import threading
from collections.abc import Coroutine
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from service.embedded.server import HOST

PIECE_BYTES = 64 * 1024
CONTROL_SECONDS = 10.0


class Way(StrEnum):
    """The two directions of a connection."""

    TO_SERVER = "to server"
    TO_CLIENT = "to client"


class _Gate:
    """What happens to the bytes of one direction, on every connection alike."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.dropping = False
        self.bytes_per_second: float | None = None
        self.passed = self.dropped = 0

    async def take(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        await self.open.wait()
        if self.dropping:
            self.dropped += len(piece)
            return
        if self.bytes_per_second is not None:
            await asyncio.sleep(len(piece) / self.bytes_per_second)
        writer.write(piece)
        self.passed += len(piece)
        await writer.drain()


class Proxy:
    """Listens on a loopback port and connects to another. A context manager; its methods may be called from
    any thread and return when they are in force.

    Connections are accepted whatever is held: a network that loses packets refuses nobody either.
    """

    def __init__(self, port: int, server_port: int) -> None:
        self.port, self._server_port = port, server_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy {port}", daemon=True)
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Where clients connect to."""
        return f"{HOST}:{self.port}"

    def hold(self, *ways: Way) -> None:
        """Keep what comes, of both ways when none is named, and pass it on after ``heal``."""
        self._control(self._set_held(ways or tuple(Way)))

    def drop(self, *ways: Way) -> None:
        """Throw away what comes from now on, of both ways when none is named."""
        self._control(self._set_dropping(ways or tuple(Way)))

    def throttle(self, bytes_per_second: float, *ways: Way) -> None:
        """Pass on so many bytes a second on each connection."""
        self._control(self._set_rate(bytes_per_second, ways or tuple(Way)))

    def cut(self) -> None:
        """End every connection, as a reset does; new ones are accepted."""
        self._control(self._cut())

    def heal(self) -> None:
        """Pass everything on again. Where bytes were dropped their connections end: the rest is no stream."""
        self._control(self._heal())

    def passed(self, way: Way) -> int:
        """The bytes that went that way so far."""
        return self._gates[way].passed

    def dropped(self, way: Way) -> int:
        """The bytes of that way that were thrown away so far."""
        return self._gates[way].dropped

    def __enter__(self) -> Self:
        self._thread.start()
        self._control(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._control(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _control(self, action: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(action, self._loop).result(CONTROL_SECONDS)

    async def _listen(self) -> None:
        self._gates = {way: _Gate() for way in Way}
        self._listener = await asyncio.start_server(self._accept, HOST, self.port)

    async def _close(self) -> None:
        self._listener.close()
        await self._cut()

    async def _set_held(self, ways: tuple[Way, ...]) -> None:
        for way in ways:
            self._gates[way].open.clear()

    async def _set_dropping(self, ways: tuple[Way, ...]) -> None:
        for way in ways:
            self._gates[way].dropping = True

    async def _set_rate(self, bytes_per_second: float, ways: tuple[Way, ...]) -> None:
        for way in ways:
            self._gates[way].bytes_per_second = bytes_per_second

    async def _heal(self) -> None:
        if any(gate.dropping for gate in self._gates.values()):
            await self._cut()
        for gate in self._gates.values():
            gate.dropping, gate.bytes_per_second = False, None
            gate.open.set()

    async def _cut(self) -> None:
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            server_reader, server_writer = await asyncio.open_connection(HOST, self._server_port)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pump(reader, server_writer, Way.TO_SERVER))
                    group.create_task(self._pump(server_reader, writer, Way.TO_CLIENT))
            finally:
                server_writer.transport.abort()
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            # A server that is away, or an end that broke off: the other end sees the same.
            pass
        finally:
            writer.transport.abort()
            self._connections.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
        while piece := await reader.read(PIECE_BYTES):
            await self._gates[way].take(piece, writer)
        # One end is done: without the other half there is no conversation.
        raise ConnectionResetError
