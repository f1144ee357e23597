"""The banks that the worker has: loaded within the budget, let go of when others need the room."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from schemas.activation import Activated
from workers.extraction.client import ExtractionClient, RequestFailed, WorkerDied
from workers.extraction.protocol import Refused
from workers.inspector.bank_room import MEMORY_PER_FILE_BYTE, BankRoom

_LOAD_SECONDS = 60.0
_DROP_SECONDS = 60.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class InForce:
    """What a line is judged by: a new worker is given it again."""

    activation: Activated
    path: Path

    @property
    def memory(self) -> int:
        """What it takes in the worker, in bytes."""
        return memory_of(self.activation)


class Loader:
    """Used from one event loop. ``worker`` answers a living worker. ``in_force`` is what the worker has, or
    will have as soon as it lives again."""

    def __init__(self, worker: Callable[[], Awaitable[ExtractionClient]], memory_bytes: int) -> None:
        self._worker = worker
        self.room = BankRoom(memory_bytes)
        self.in_force: dict[str, InForce] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}

    async def load(self, incoming: InForce, loaded: Callable[[], None]) -> Refused | None:
        """Put a bank in force, and call ``loaded`` before anybody could let go of it again; the refusal when
        the worker keeps what it has. Waits for room where frames of other lines need all of it. Raises
        ``WorkerDied`` and ``RequestFailed``."""
        line = incoming.activation.line
        leaving = await self._make_room(incoming)
        try:
            await asyncio.gather(*leaving)
            refused = await self._give(await self._worker(), incoming)
            if refused is None:
                self.in_force[line] = incoming
                loaded()
        finally:
            self._settle(line)
            self.room.let_go(line)
        return refused

    async def furnish(self, worker: ExtractionClient) -> None:
        """Give a new worker everything that is in force. What it refuses, as when its device scores the
        golden frames otherwise, is in force no more: the line waits, and is never called one without a
        bank."""
        for line in list(self.in_force):
            in_force = self.in_force.get(line)
            refused = None if in_force is None else await self._give(worker, in_force)
            if refused is not None:
                _log.error("bank no longer loads", line=line, cause=refused.sentence)
                self.in_force.pop(line, None)
                self.room.forget(line)

    async def _make_room(self, incoming: InForce) -> "list[asyncio.Task[None]]":
        """Reserve memory for a bank, and hold it; idle lines are on their way out."""
        line = incoming.activation.line
        if line in self._leaving:
            await self._leaving[line]
        while (victims := self.room.victims(line, incoming.memory)) is None:
            await self.room.freed()
        self.room.keep(line, incoming.memory)
        self.room.hold(line)
        for victim in victims:
            _log.info("bank let go", line=victim, for_line=line)
            self.in_force.pop(victim, None)
            self.room.forget(victim)
            self._leaving[victim] = asyncio.create_task(self._drop(victim), name=f"leaving {victim}")
        return [self._leaving[victim] for victim in victims]

    async def _drop(self, line: str) -> None:
        try:
            # A worker that died has forgotten it anyway, and the next is not given it.
            with contextlib.suppress(WorkerDied, RequestFailed):
                await (await self._worker()).drop(line, _DROP_SECONDS)
        finally:
            del self._leaving[line]

    def _settle(self, line: str) -> None:
        held = self.in_force.get(line)
        if held is None:
            self.room.forget(line)
        else:
            self.room.keep(line, held.memory)

    async def _give(self, worker: ExtractionClient, in_force: InForce) -> Refused | None:
        return await worker.load(str(in_force.path), in_force.activation.to_bytes(), _LOAD_SECONDS)


def memory_of(activation: Activated) -> int:
    """What a bank takes in the worker, in bytes."""
    return MEMORY_PER_FILE_BYTE * activation.size_bytes
