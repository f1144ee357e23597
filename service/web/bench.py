"""The port to a device: pictures judged by a bank that may not be in force, away from the line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from schemas.activation import Activated
from schemas.reasons import VerdictKind
from schemas.verdict import Region


class BenchBroken(Exception):
    """The device, or the process that owns it, cannot do this; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a bank says of a picture; ``heatmap`` is a PNG."""

    verdict: VerdictKind
    score: float
    p_value: float
    regions: tuple[Region, ...]
    width: int
    height: int
    heatmap: bytes | None


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A picture that is not to be judged: ``reason`` is a word of ``FaultReason`` or ``DeadLetterReason``."""

    readable: bool
    reason: str
    sentence: str


class Bench(Protocol):
    """Owns one device, started when it is first needed. Hostile bytes may end it; it is started again."""

    async def judge(
        self, bank: Path, activation: Activated, images: Sequence[bytes]
    ) -> list[Judgement | Unjudged]:
        """One answer an image, under the bank in the file and the activation's thresholds. Waits its turn
        and for the device. Raises ``BenchBroken``."""
        ...

    async def stop(self) -> None:
        """End what was started."""
        ...


class NoBench:
    """A page without a device."""

    async def judge(
        self, bank: Path, activation: Activated, images: Sequence[bytes]
    ) -> list[Judgement | Unjudged]:
        raise BenchBroken("this page has no device to judge pictures with: start it with `patchline run web`")

    async def stop(self) -> None:
        return
