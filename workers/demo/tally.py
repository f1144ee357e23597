"""What the demo counts: frames sent, verdicts, latencies, scores against the data set's own word."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from schemas.reasons import VerdictKind
from schemas.verdict import Verdict
from service.patchcore.metrics import auroc
from workers.demo.cells import DEFECTIVE, GOOD, Cell


@dataclass(slots=True)
class LineTally:
    """One line's figures so far."""

    verdicts: Counter[str] = field(default_factory=Counter)
    scores: list[float] = field(default_factory=list)
    defective: list[bool] = field(default_factory=list)
    epoch: int = 0
    bank_vectors: int = 0

    @property
    def image_auroc(self) -> float | None:
        """Over the cells that the data set is sure of; None until both kinds have passed."""
        if not self.scores:
            return None
        return auroc(np.asarray(self.defective), np.asarray(self.scores))


class Tally:
    """Filled by the demo's tasks, all on one event loop."""

    def __init__(self) -> None:
        self.sent: dict[str, Cell] = {}
        self.lines: dict[str, LineTally] = defaultdict(LineTally)
        self.latencies_ms: list[float] = []
        self.moments: list[float] = []
        self.dead_letters = 0
        self.alerts: set[UUID] = set()
        self.flagged_good: dict[str, list[Verdict]] = defaultdict(list)
        self.begun = False
        self._seen: set[UUID] = set()
        self._changed = asyncio.Event()

    def begin(self) -> None:
        """The stream begins: what came before has no part in its times."""
        self.begun = True
        self.latencies_ms.clear()
        self.moments.clear()

    def add(self, verdict: Verdict, now_ms: float) -> None:
        """Count a verdict once, however often it is read. The latency ends when it was read back, so it is
        an upper bound of the time to its acknowledgement."""
        if verdict.frame_uid in self._seen:
            return
        self._seen.add(verdict.frame_uid)
        line = self.lines[verdict.line]
        line.verdicts[verdict.verdict.value] += 1
        line.epoch = max(line.epoch, verdict.epoch or 0)
        self.latencies_ms.append(now_ms - verdict.source.timestamp_ms)
        self.moments.append(time.monotonic())
        cell = self.sent.get(verdict.frame_id)
        if cell is not None:
            self._compare(line, cell, verdict)
        self._changed.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for verdicts until the condition holds."""
        while not holds():
            self._changed.clear()
            await self._changed.wait()

    def _compare(self, line: LineTally, cell: Cell, verdict: Verdict) -> None:
        if cell.certain and verdict.score is not None:
            line.scores.append(verdict.score)
            line.defective.append(cell.probability == DEFECTIVE)
        if cell.probability == GOOD and verdict.alarming:
            self.flagged_good[verdict.line].append(verdict)

    @property
    def finished(self) -> int:
        """Frames that have an outcome."""
        return len(self._seen) + self.dead_letters

    @property
    def verdicts(self) -> dict[str, int]:
        """How many of each kind, over all lines."""
        total: Counter[str] = sum((line.verdicts for line in self.lines.values()), Counter())
        return {kind.value: total[kind.value] for kind in VerdictKind}

    def frames_per_second(self, window: float | None = None) -> float:
        """Over the whole run, or over the last ``window`` seconds."""
        end = time.monotonic() if window is not None else (self.moments or [0.0])[-1]
        moments = [m for m in self.moments if window is None or m > end - window]
        span = window if window is not None else end - (self.moments or [0.0])[0]
        return len(moments) / span if span else 0.0

    def latency_ms(self, quantile: float, last: int | None = None) -> float | None:
        """A quantile of the latencies, of all frames or the last so many; None before the first."""
        chosen = self.latencies_ms[-last:] if last else self.latencies_ms
        return float(np.quantile(chosen, quantile)) if chosen else None
