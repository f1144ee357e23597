"""A command on its way to its result."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.command import COMMAND, AnyCommand
from service.stream.base import Record


class CommandRefused(Exception):
    """The command changes nothing; the sentence names what is in the way, and the remedy. ``facts`` are told
    in the event beside it."""

    def __init__(self, sentence: str, facts: Mapping[str, object] | None = None) -> None:
        super().__init__(sentence)
        self.facts = facts or {}


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A command, where it lay, under which assignment it came, and when (monotonic seconds)."""

    command: AnyCommand
    partition: int
    offset: int
    generation: int
    received: float

    @classmethod
    def of(cls, record: Record, generation: int, received: float) -> "Job":
        """Raises ``ValueError`` for a record that is no command that this program knows."""
        command = COMMAND.validate_json(record.value or b"")
        return cls(command, record.partition, record.offset, generation, received)
