"""A uvicorn server beside other tasks of one event loop, which leaves signals to its program."""

import asyncio
import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import uvicorn


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class BackgroundServer:
    """Serves from entry to exit of its block; ``port`` is the real one, also when 0 was asked."""

    def __init__(self, config: uvicorn.Config) -> None:
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._server.serve())
        while not self._server.started:
            if self._task.done():
                await self._raise_failure()
            await asyncio.sleep(0.01)
        return self

    async def _raise_failure(self) -> None:
        config = self._server.config
        address = f"{config.host}:{config.port}"
        try:
            assert self._task is not None  # noqa: S101 - set by the only caller
            await self._task
        except SystemExit as error:
            raise OSError(f"{address} could not be listened on: free it or choose another port") from error
        raise OSError(f"the server on {address} ended at once")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await self._task
