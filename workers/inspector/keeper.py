"""The keeper of banks: follows the banks log, fetches what is in force and has the worker load it.

Any failure keeps the old bank. A line whose first bank cannot be had yet waits; it is never ``no-bank``.
Where not all banks fit into memory, a line's is loaded when its first frame comes.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import structlog

from schemas.activation import Activated
from service.banks.activation_log import Entry
from service.banks.activation_reader import ActivationFollower
from service.banks.refusal import BankRefused, Refusal
from service.banks.source import BankSource, BankUnavailable
from service.telemetry import metrics
from workers.extraction.client import ExtractionClient, RequestFailed, WorkerDied
from workers.inspector.bank_room import BankRoom
from workers.inspector.loader import InForce, Loader, memory_of

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_log = structlog.get_logger()


class Keeper:
    """Used from one event loop. ``worker`` answers a living worker; ``line_ready`` is called each time a
    line's bank is in force, and ``stale`` when a newer one was refused: with what is in force, the epoch that
    is not, and the sentence why."""

    def __init__(
        self,
        follower: ActivationFollower,
        source: BankSource,
        worker: Callable[[], Awaitable[ExtractionClient]],
        line_ready: Callable[[str], None],
        memory_bytes: int,
        stale: Callable[[Activated, int, str], None],
    ) -> None:
        self._follower, self._source = follower, source
        self._line_ready, self._stale = line_ready, stale
        self._loader = Loader(worker, memory_bytes)
        self._bad: set[tuple[str, int]] = set()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._tried: set[str] = set()
        self._attempted = asyncio.Event()

    def claim(self, line: str) -> bool:
        """A frame of the line came: whether it can be scored now, since its bank is in force or none was ever
        activated. Otherwise its bank is brought in, and ``line_ready`` told."""
        self._loader.room.touch(line)
        if line in self._loader.in_force or line not in self._follower.log.lines():
            return True
        self._adopt(line)
        return False

    def hold(self, line: str) -> None:
        """A frame of the line waits for its score: its bank stays."""
        self._loader.room.hold(line)

    def let_go(self, line: str) -> None:
        """That frame waits no longer."""
        self._loader.room.let_go(line)

    @property
    def waiting(self) -> Sequence[str]:
        """Lines whose bank is on its way, and which have none yet."""
        coming = {line for line, task in self._busy.items() if not task.done()}
        return sorted(coming - self._loader.in_force.keys())

    async def catch_up(self, patience: float) -> None:
        """Read the log to its end and try to put every line's bank in force, for ``patience`` seconds at
        most; where memory has not room for all, those of the lines that changed last, and of these the one
        that changed first is let go first. What fails is tried again behind: one line's missing bank keeps no
        other line waiting."""
        await self._follower.read_to_end()
        first = self._first_lines()
        for line in first:
            self._adopt(line)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not self._tried.issuperset(first):
                    self._attempted.clear()
                    await self._attempted.wait()
        for line in first:
            self._loader.room.touch(line)

    async def follow(self) -> None:
        """Adopt every change of the log; never returns by itself."""
        async for change in self._follower.follow():
            line, activation = change.entry.line, change.entry.activation
            if (
                line in self._loader.in_force
                or activation is None
                or self._loader.room.fits(memory_of(activation))
            ):
                self._adopt(line)

    async def furnish(self, worker: ExtractionClient) -> None:
        """Give a new worker everything that is in force."""
        await self._loader.furnish(worker)

    def _first_lines(self) -> list[str]:
        """Those without a good bank, then those whose banks fit, the last changed last."""
        log = self._follower.log
        newest = [entry for line in log.lines() if (entry := log.last_good(line)) is not None]
        room, chosen = BankRoom(self._loader.room.limit), list[str]()
        for entry in sorted(newest, key=lambda entry: -entry.offset):
            if entry.activation is not None and room.fits(memory_of(entry.activation)):
                room.keep(entry.line, memory_of(entry.activation))
                chosen.append(entry.line)
        return sorted(set(log.lines()) - {entry.line for entry in newest}) + chosen[::-1]

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
        held = self._loader.in_force.get(line)
        epoch = held.activation.epoch if held else 0
        history = self._follower.log.history(line)[epoch:]
        return [entry for entry in reversed(history) if (line, entry.epoch) not in self._bad]

    async def _try_newest_first(self, line: str) -> bool:
        """False when trying again later may help."""
        newest: tuple[int, str] | None = None
        for entry in self._candidates(line):
            try:
                await self._put_in_force(entry)
            except BankRefused as refused:
                _log.error("bank refused", line=line, epoch=entry.epoch, cause=refused.sentence)
                self._bad.add((line, entry.epoch))
                newest = newest or (entry.epoch, refused.sentence)
            except (BankUnavailable, WorkerDied, RequestFailed) as error:
                _log.warning("bank not in force yet", line=line, epoch=entry.epoch, cause=str(error))
                return False
            else:
                self._tell_stale(line, newest)
                return True
        if line in self._loader.in_force:
            self._tell_stale(line, newest)
            return True
        # With nothing to fall back on the line waits, and the store may be mended: try all of them again.
        self._bad = {(other, epoch) for other, epoch in self._bad if other != line}
        return False

    def _tell_stale(self, line: str, refused: tuple[int, str] | None) -> None:
        held = self._loader.in_force.get(line)
        if held is not None and refused is not None:
            self._stale(held.activation, *refused)

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
        refused = await self._loader.load(InForce(activation, path), lambda: self._loaded(activation))
        if refused is not None:
            raise BankRefused(Refusal(refused.reason), refused.sentence)

    def _loaded(self, activation: Activated) -> None:
        metrics.EPOCH.labels(line=activation.line).set(activation.epoch)
        _log.info("bank in force", line=activation.line, epoch=activation.epoch, version=activation.version)
        self._line_ready(activation.line)

    def _tell(self, line: str) -> None:
        held = self._loader.in_force.get(line)
        current = self._follower.log.epoch(line)
        metrics.STALE.labels(line=line).set(held is None or held.activation.epoch < current)
