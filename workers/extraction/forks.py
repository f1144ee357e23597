"""The owner's side of the fork server: started when first needed, and again should it die."""

import asyncio
import contextlib
import socket
import sys
from dataclasses import dataclass

from service.settings import Settings
from workers.extraction.pipe import WorkerDied

# A process that imports everything under load; what is forked from it takes milliseconds.
START_SECONDS = 120.0
_MAX_ANSWER_BYTES = 64


@dataclass(frozen=True, slots=True)
class Fork:
    """A worker process, our end of its pipe, and its end: the exit code, None when nobody is left to know."""

    pid: int
    pipe: socket.socket
    ended: "asyncio.Future[int | None]"


class Forks:
    """Used from one event loop. Its workers outlive it; each ends with its own pipe."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._reading: asyncio.Task[None] | None = None
        self._born: asyncio.Future[tuple[int, asyncio.Future[int | None]]] | None = None
        self._living: dict[int, asyncio.Future[int | None]] = {}

    async def warm(self) -> None:
        """Start the server if there is none: it imports while its owner does something else."""
        async with self._turn:
            await self._server()

    async def fork(self, settings: Settings) -> Fork:
        """A new worker. Raises ``WorkerDied`` when none comes up."""
        async with self._turn:
            control = await self._server()
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    async with asyncio.timeout(START_SECONDS):
                        pid, ended = await self._ask(control, settings, theirs)
                except (OSError, TimeoutError, WorkerDied) as error:
                    ours.close()
                    await self._end()
                    raise WorkerDied(f"no extraction worker could be started: {error!r}") from error
            return Fork(pid, ours, ended)

    async def stop(self) -> None:
        """End the server; workers are ended by their owners."""
        async with self._turn:
            await self._end()

    async def _server(self) -> socket.socket:
        if self._control is None or self._reading is None or self._reading.done():
            await self._end()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.setblocking(False)
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "workers.extraction", str(theirs.fileno())),
                    pass_fds=[theirs.fileno()],
                    stdin=asyncio.subprocess.DEVNULL,
                    # The owner's signals are neither its nor its workers': they end with their sockets.
                    start_new_session=True,
                )
            self._control = ours
            self._reading = asyncio.create_task(self._read(ours), name="fork server")
        return self._control

    async def _ask(
        self, control: socket.socket, settings: Settings, theirs: socket.socket
    ) -> "tuple[int, asyncio.Future[int | None]]":
        self._born = asyncio.get_running_loop().create_future()
        request = settings.model_dump_json(include={"engine", "inspector", "telemetry"}).encode()
        socket.send_fds(control, [request], [theirs.fileno()])
        return await self._born

    async def _read(self, control: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            with contextlib.suppress(OSError):
                while answer := await loop.sock_recv(control, _MAX_ANSWER_BYTES):
                    self._take(answer.decode())
        finally:
            if self._born is not None and not self._born.done():
                self._born.set_exception(WorkerDied("the fork server ended"))
            for ended in self._living.values():
                if not ended.done():
                    ended.set_result(None)
            self._living.clear()

    def _take(self, answer: str) -> None:
        pid, _, status = answer.partition(" ")
        if status:
            ended = self._living.pop(int(pid), None)
            # One that nobody waits for any longer was cancelled with its waiter.
            if ended is not None and not ended.done():
                ended.set_result(int(status))
            return
        born: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._living[int(pid)] = born
        if self._born is not None and not self._born.done():
            self._born.set_result((int(pid), born))

    async def _end(self) -> None:
        process, control, reading = self._process, self._control, self._reading
        self._process = self._control = self._reading = None
        if process is None or control is None or reading is None:
            return
        reading.cancel()
        await asyncio.wait({reading})
        control.close()
        # It holds nothing, and may still be importing: there is no need to ask.
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
