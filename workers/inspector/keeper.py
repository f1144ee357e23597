"""The keeper of banks: follows the banks log, fetches what is in force and has the worker load it.

Any failure keeps the old bank. A line whose first bank cannot be had yet waits; it is never ``no-bank``.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from schemas.activation import Activated
from service.banks.activation_log import Entry
from service.banks.activation_reader import ActivationFollower
from service.banks.refusal import BankRefused, Refusal
from service.banks.source import BankSource, BankUnavailable
from service.telemetry import metrics
from workers.extraction.client import ExtractionClient, RequestFailed, WorkerDied
from workers.extraction.protocol import Refused

_LOAD_SECONDS = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class InForce:
    """What a line is judged by: a new worker is given it again."""

    activation: Activated
    path: Path


class Keeper:
    """Used from one event loop. ``worker`` answers a living worker; ``line_ready`` is called each time a
    line's bank is in force."""

    def __init__(
        self,
        follower: ActivationFollower,
        source: BankSource,
        worker: Callable[[], Awaitable[ExtractionClient]],
        line_ready: Callable[[str], None],
    ) -> None:
        self._follower, self._source = follower, source
        self._worker, self._line_ready = worker, line_ready
        self._in_force: dict[str, InForce] = {}
        self._bad: set[tuple[str, int]] = set()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._tried: set[str] = set()
        self._attempted = asyncio.Event()

    def ready(self, line: str) -> bool:
        """Whether the line can be scored now: its bank is in force, or none was ever activated."""
        return line in self._in_force or line not in self._follower.log.lines()

    @property
    def waiting(self) -> Sequence[str]:
        """Lines that have an activation and no bank yet."""
        return sorted(self._follower.log.lines() - self._in_force.keys())

    async def catch_up(self, patience: float) -> None:
        """Read the log to its end and try to put every line's bank in force, for ``patience`` seconds at
        most. What fails is tried again behind: one line's missing bank keeps no other line waiting."""
        await self._follower.read_to_end()
        for line in sorted(self._follower.log.lines()):
            self._adopt(line)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not self._follower.log.lines() <= self._tried:
                    self._attempted.clear()
                    await self._attempted.wait()

    async def follow(self) -> None:
        """Adopt every change of the log; never returns by itself."""
        async for change in self._follower.follow():
            self._adopt(change.entry.line)

    async def furnish(self, worker: ExtractionClient) -> None:
        """Give a new worker everything that is in force."""
        for in_force in list(self._in_force.values()):
            refused = await self._load(worker, in_force)
            if refused is not None:
                _log.error("bank no longer loads", line=in_force.activation.line, cause=refused.sentence)

    def _adopt(self, line: str) -> None:
        busy = self._busy.get(line)
        if busy is None or busy.done():
            self._busy[line] = asyncio.create_task(self._bring(line), name=f"bank of {line}")

    async def _bring(self, line: str) -> None:
        """Until the newest activation that is any good is in force."""
        pause = _FIRST_PAUSE
        while self._candidates(line):
            finished = await self._try_newest_first(line)
            self._tell(line)
            self._tried.add(line)
            self._attempted.set()
            if not finished:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _candidates(self, line: str) -> list[Entry]:
        """What is newer than the bank in force and not known to be bad, newest first."""
        held = self._in_force.get(line)
        epoch = held.activation.epoch if held else 0
        history = self._follower.log.history(line)[epoch:]
        return [entry for entry in reversed(history) if (line, entry.epoch) not in self._bad]

    async def _try_newest_first(self, line: str) -> bool:
        """False when trying again later may help."""
        for entry in self._candidates(line):
            try:
                await self._put_in_force(entry)
            except BankRefused as refused:
                _log.error("bank refused", line=line, epoch=entry.epoch, cause=refused.sentence)
                self._bad.add((line, entry.epoch))
            except (BankUnavailable, WorkerDied, RequestFailed) as error:
                _log.warning("bank not in force yet", line=line, epoch=entry.epoch, cause=str(error))
                return False
            else:
                return True
        if line in self._in_force:
            return True
        # With nothing to fall back on the line waits, and the store may be mended: try all of them again.
        self._bad = {(other, epoch) for other, epoch in self._bad if other != line}
        return False

    async def _put_in_force(self, entry: Entry) -> None:
        activation = entry.activation
        if activation is None:
            reason = Refusal.UNREADABLE if entry.fault is None else Refusal.UNTRUSTED
            raise BankRefused(reason, entry.problem or "")
        source = self._source
        path = await source.fetch(
            activation.line,
            activation.model,
            activation.version,
            activation.size_bytes,
            activation.bank_signature,
        )
        in_force = InForce(activation, path)
        refused = await self._load(await self._worker(), in_force)
        if refused is not None:
            raise BankRefused(Refusal(refused.reason), refused.sentence)
        self._in_force[activation.line] = in_force
        metrics.EPOCH.labels(line=activation.line).set(activation.epoch)
        _log.info("bank in force", line=activation.line, epoch=activation.epoch, version=activation.version)
        self._line_ready(activation.line)

    def _tell(self, line: str) -> None:
        held = self._in_force.get(line)
        current = self._follower.log.epoch(line)
        metrics.STALE.labels(line=line).set(held is None or held.activation.epoch < current)

    async def _load(self, worker: ExtractionClient, in_force: InForce) -> Refused | None:
        return await worker.load(str(in_force.path), in_force.activation.to_bytes(), _LOAD_SECONDS)
