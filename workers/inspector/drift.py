"""Drift of the lines that this inspector judges: each score to its line's monitor, an episode to the world.

The state is this process's alone: after a restart, or at another inspector, a line begins with a new
reference window.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from service.drift.monitor import Drift, DriftRules, LineMonitor
from service.telemetry import metrics
from workers.extraction.protocol import Judged

# A monitor holds about 20 kB; past so many lines, the one unheard for longest begins anew.
MAX_LINES = 1024


@dataclass(slots=True)
class _Watched:
    epoch: int
    monitor: LineMonitor


class DriftWatch:
    """Used from one event loop; no method waits."""

    def __init__(self, rules: DriftRules, max_lines: int = MAX_LINES) -> None:
        self._rules, self._max_lines = rules, max_lines
        self._lines: OrderedDict[str, _Watched] = OrderedDict()

    def observe(self, line: str, judged: Judged, now: datetime) -> LineEvent | None:
        """Take a frame's score, in the order of the line's frames; answers the event of an episode that it
        begins. Scores of another epoch than the last begin a new reference window."""
        if not math.isfinite(judged.score):
            return None
        monitor = self._monitor(line, judged.epoch)
        drift = monitor.add(judged.score)
        metrics.DRIFT.labels(line=line).set(monitor.drifting)
        metrics.MEDIAN_MOVEMENT.labels(line=line).set(monitor.movement(judged.threshold))
        return None if drift is None else _event(line, judged, drift, now)

    def _monitor(self, line: str, epoch: int) -> LineMonitor:
        watched = self._lines.get(line)
        if watched is None or watched.epoch != epoch:
            watched = self._lines[line] = _Watched(epoch, LineMonitor(self._rules))
        self._lines.move_to_end(line)
        if len(self._lines) > self._max_lines:
            forgotten, _ = self._lines.popitem(last=False)
            metrics.DRIFT.remove(forgotten)
            metrics.MEDIAN_MOVEMENT.remove(forgotten)
        return watched.monitor


def _event(line: str, judged: Judged, drift: Drift, now: datetime) -> LineEvent:
    went = "risen" if drift.upwards else "fallen"
    return LineEvent(
        kind=LineEventKind.DRIFT,
        line=line,
        sentence=f"the scores have {went} since epoch {judged.epoch} came into force: their median was "
        f"{drift.reference_median:.4g} and is {drift.recent_median:.4g} ({judged.threshold:.4g} alarms): "
        "check light, focus and material; where the parts are good, approve some of them",
        model=judged.model,
        version=judged.version,
        epoch=judged.epoch,
        median_before=drift.reference_median,
        median_now=drift.recent_median,
        at=now,
    )
