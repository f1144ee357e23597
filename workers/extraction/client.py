"""The owner's side: starts an extraction worker, asks it, notices its death."""

import asyncio
import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

import psutil
import structlog

from service.settings import Settings
from service.telemetry import metrics
from service.telemetry.stages import Stage
from workers.extraction import protocol
from workers.extraction.forks import Fork, Forks
from workers.extraction.pipe import Pipe, WorkerDied

__all__ = ["ExtractionClient", "RequestFailed", "WorkerDied"]

_START_SECONDS = 120.0
_STOP_SECONDS = 3.0
# Memory grows by what one decode takes at most, some 200 MB, between two looks.
_MEMORY_LOOK_SECONDS = 0.25
_log = structlog.get_logger()
_T = TypeVar("_T")


class RequestFailed(Exception):
    """The worker lives but could not do as asked; the sentence says why."""


class ExtractionClient:
    """One worker process. After ``WorkerDied`` it is used up: start another."""

    def __init__(self, fork: Fork, pipe: Pipe, memory_bytes: int) -> None:
        self._fork = fork
        self._pipe = pipe
        self.device = ""
        self.ended_by: Literal["died", "hung", "memory"] = "died"
        self._watching = asyncio.create_task(self._watch_memory(memory_bytes), name="worker's memory")

    @classmethod
    async def start(cls, forks: Forks, settings: Settings) -> "ExtractionClient":
        """Start a worker and wait until its device is ready; ``WorkerDied`` when it does not come up."""
        fork = await forks.fork(settings)
        reader, writer = await asyncio.open_connection(sock=fork.pipe, limit=2**24)
        client = cls(fork, pipe := Pipe(reader, writer), settings.engine.memory_bytes)
        try:
            ready = _require(await client._wait(pipe.greeting, _START_SECONDS), protocol.Ready)
        except BaseException:
            await client.stop()
            raise
        client.device = ready.device
        _log.info("extraction worker ready", pid=fork.pid, device=ready.device)
        return client

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._fork.pid

    @property
    def dead(self) -> bool:
        """Whether the worker can no longer answer."""
        return self._pipe.closed

    async def load(self, path: str, activation: bytes, timeout: float) -> protocol.Refused | None:
        """Put a bank in force; the refusal when the worker keeps the old one."""
        answer = await self._ask(protocol.Load(self._pipe.next_id(), path, activation), timeout)
        if isinstance(answer, protocol.Refused):
            return answer
        _require(answer, protocol.Loaded)
        return None

    async def drop(self, line: str, timeout: float) -> None:
        """Forget a line's bank."""
        _require(await self._ask(protocol.Drop(self._pipe.next_id(), line), timeout), protocol.Loaded)

    async def score(self, frames: Sequence[protocol.FrameIn], timeout: float) -> list[protocol.Outcome]:
        """The outcomes in order. A worker that hangs past ``timeout`` seconds is killed: ``WorkerDied``."""
        began = time.perf_counter()
        answer = await self._ask(protocol.Score(self._pipe.next_id(), list(frames)), timeout)
        scored = _require(answer, protocol.Scored)
        _tell_stages(scored.seconds, time.perf_counter() - began)
        return scored.outcomes

    async def extract(
        self,
        images: Sequence[bytes],
        recipe: bytes,
        contract: bytes,
        precision: protocol.Precision,
        timeout: float,
    ) -> list[protocol.Features | protocol.Unfit | protocol.Unreadable]:
        """Patch features of each image, or why there are none."""
        request = protocol.Extract(self._pipe.next_id(), list(images), recipe, contract, precision)
        return _require(await self._ask(request, timeout), protocol.Extracted).parts

    async def probe(self, timeout: float) -> None:
        """Score the built-in image; raises when the device does not work."""
        _require(await self._ask(protocol.Probe(self._pipe.next_id()), timeout), protocol.Loaded)

    async def stop(self) -> None:
        """End the worker: politely, then by force."""
        self._watching.cancel()
        self._pipe.close()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                ended = await asyncio.shield(self._fork.ended)
        except TimeoutError:
            ended = None
        if ended is None:
            self.kill()
            await asyncio.shield(self._fork.ended)

    def kill(self) -> None:
        """End the worker now."""
        # A pid that has ended may be another process's.
        if self._fork.ended.done() and self._fork.ended.result() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._fork.pid, 9)

    async def _watch_memory(self, limit: int) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            while (used := process.memory_info().rss) <= limit:  # noqa: ASYNC110 - memory signals nothing
                await asyncio.sleep(_MEMORY_LOOK_SECONDS)
            self.ended_by = "memory"
            self._pipe.cause = (
                f"extraction worker {self.pid} took {used / 2**20:.0f} MiB of memory and was ended: lower "
                "PATCHLINE_INSPECTOR__BANK_MEMORY_BYTES, or raise PATCHLINE_ENGINE__MEMORY_BYTES"
            )
            _log.error("extraction worker ended", cause=self._pipe.cause)
            self.kill()

    async def _ask(self, request: protocol.Request, timeout: float) -> protocol.Answer:
        answer = await self._wait(self._pipe.ask(request), timeout)
        if isinstance(answer, protocol.Failed):
            raise RequestFailed(answer.sentence)
        return answer

    async def _wait(self, answer: "asyncio.Future[protocol.Answer]", timeout: float) -> protocol.Answer:
        try:
            async with asyncio.timeout(timeout):
                return await answer
        except TimeoutError as error:
            self.ended_by = "hung"
            self.kill()
            raise WorkerDied(f"extraction worker {self.pid} did not answer within {timeout:g} s") from error


def _tell_stages(seconds: Mapping[str, float], in_all: float) -> None:
    handover = max(0.0, in_all - sum(seconds.values()))
    for stage, spent in {**seconds, Stage.HANDOVER.value: handover}.items():
        metrics.STAGE_SECONDS.labels(stage=stage).observe(spent)


def _require(answer: protocol.Answer, kind: type[_T]) -> _T:
    if not isinstance(answer, kind):
        raise RequestFailed(f"the extraction worker said {type(answer).__name__}, not {kind.__name__}")
    return answer
