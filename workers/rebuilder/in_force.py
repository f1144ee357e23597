"""What is in force on a line now, and what every command before did to it."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from schemas.activation import Activated
from service.banks.activation_log import Entry
from service.banks.activation_reader import ActivationFollower
from workers.rebuilder.job import CommandRefused


@dataclass(frozen=True, slots=True)
class Standing:
    """A line's epochs, the first first."""

    line: str
    history: tuple[Entry, ...]

    @property
    def epoch(self) -> int:
        """The newest epoch's number, 0 before the first."""
        return len(self.history)

    def require(self) -> Activated:
        """The activation in force: the newest that somebody who is trusted wrote. Raises ``CommandRefused``:
        none, or one that cannot be read."""
        trusted = [entry.epoch for entry in self.history if entry.fault is None]
        if not trusted:
            raise CommandRefused(f"line {self.line} has no bank yet: train one from good parts first")
        return self.at(trusted[-1])

    def at(self, epoch: int) -> Activated:
        """The activation of an epoch. Raises ``CommandRefused`` where there is none to be read."""
        if not 1 <= epoch <= self.epoch:
            raise CommandRefused(f"line {self.line} has no epoch {epoch}: it is at epoch {self.epoch}")
        entry = self.history[epoch - 1]
        if entry.activation is None:
            raise CommandRefused(entry.problem or f"epoch {epoch} of {self.line} cannot be read")
        return entry.activation

    def of_model(self, model: str) -> Activated:
        """The newest activation of a model. Raises ``CommandRefused`` for one that was never in force."""
        for entry in reversed(self.history):
            if entry.activation is not None and entry.activation.model == model:
                return entry.activation
        raise CommandRefused(f"model {model} was never in force on line {self.line}: name one that was")

    def of_command(self, command_id: UUID, versions: Collection[str] = ()) -> Activated | None:
        """What a command put in force, itself or by joining one of these versions; None when nothing."""
        for entry in self.history:
            made = entry.activation
            if made is not None and (made.command_id == command_id or made.version in versions):
                return made
        return None


class InForce:
    """The standings of all lines, read to the log's end each time they are asked for."""

    def __init__(self, follower: ActivationFollower) -> None:
        self._follower = follower
        self._turn = asyncio.Lock()

    async def standing(self, line: str) -> Standing:
        """Waits for the broker. Raises ``StreamError``."""
        async with self._turn:
            await self._follower.read_to_end()
            return Standing(line, self._follower.log.history(line))

    async def lines(self) -> list[str]:
        """The lines that have an epoch, those that changed last first. Raises ``StreamError``."""
        async with self._turn:
            await self._follower.read_to_end()
            log = self._follower.log
        newest = [entry for line in log.lines() if (entry := log.current(line)) is not None]
        return [entry.line for entry in sorted(newest, key=lambda entry: -entry.offset)]
