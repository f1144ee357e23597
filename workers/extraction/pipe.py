"""The owner's end of the pipe to its worker: requests out, answers in, matched by number."""

import asyncio
import itertools

import msgspec
import structlog

from workers.extraction import protocol

_log = structlog.get_logger()


class WorkerDied(Exception):
    """The extraction worker ended, or was ended, before it answered."""


class Pipe:
    """Requests out, answers in, matched by number."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[protocol.Answer]] = {}
        self.greeting = self._future(0)
        self.closed = False
        self.cause = "the extraction worker ended before it answered"
        self._task = asyncio.create_task(self._read())

    def next_id(self) -> int:
        return next(self._numbers)

    def ask(self, request: protocol.Request) -> "asyncio.Future[protocol.Answer]":
        future = self._future(request.request)
        if self.closed:
            self._fail_all()
        else:
            self._writer.write(protocol.frame(request))
        return future

    def close(self) -> None:
        self.closed = True
        self._writer.close()

    def _future(self, number: int) -> "asyncio.Future[protocol.Answer]":
        future: asyncio.Future[protocol.Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        return future

    async def _read(self) -> None:
        try:
            while True:
                prefix = await self._reader.readexactly(protocol.PREFIX_BYTES)
                body = await self._reader.readexactly(int.from_bytes(prefix, "big"))
                self._deliver(protocol.parse_answer(body))
        except (asyncio.IncompleteReadError, OSError, msgspec.DecodeError) as error:
            if not self.closed:
                _log.warning("extraction worker's pipe ended", cause=str(error))
        finally:
            self.closed = True
            self._writer.close()
            self._fail_all()

    def _deliver(self, answer: protocol.Answer) -> None:
        future = self._waiting.pop(answer.request, None)
        if future is not None and not future.done():
            future.set_result(answer)

    def _fail_all(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(WorkerDied(self.cause))
