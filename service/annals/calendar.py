"""The maintenance of every line, as the results on ``line-events`` tell of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from schemas.line_event import LineEvent
from schemas.maintenance import MaintenanceWindow
from schemas.reasons import LineEventKind


@dataclass(frozen=True, slots=True)
class Span:
    """A line is not judged from ``start`` on and before ``end``; who said so, and why."""

    start: datetime
    end: datetime
    actor: str
    why: str


@dataclass(frozen=True, slots=True)
class _Said:
    window: MaintenanceWindow
    actor: str

    def speaks_of(self, moment: datetime) -> bool:
        # Records carry milliseconds: a frame of the very millisecond in which a window begins is in it.
        start, end, at = _in_ms(self.window.start), self.window.end, _in_ms(moment)
        return start <= at and (end is None or at < _in_ms(end))


class Calendar:
    """A pure fold over ``line-events``, given each event in the log's order. Of several windows that speak of
    a moment the last one counts, so that a window is cut short, moved or called off by another. Events given
    again change nothing."""

    def __init__(self) -> None:
        self._counted: set[UUID] = set()
        self._said: defaultdict[str, list[_Said]] = defaultdict(list)

    def tell(self, event: LineEvent) -> None:
        """Take the next event; of a command's results the first counts."""
        if event.maintenance is None or event.kind is not LineEventKind.COMMAND_DONE:
            return
        if event.command_id is None or event.command_id in self._counted:
            return
        self._counted.add(event.command_id)
        self._said[event.line].append(_Said(event.maintenance, event.actor or ""))

    def covers(self, line: str, moment: datetime) -> bool:
        """Whether the line is not judged at a moment."""
        last = self._last(line, moment)
        return last is not None and not last.window.off

    def spans(self, line: str, since: datetime) -> Sequence[Span]:
        """The line's maintenance that is not over at ``since``, in the order of time."""
        moments = {moment for said in self._said.get(line, ()) for moment in _edges(said.window)}
        edges = sorted(moments)
        spans: list[Span] = []
        for start, end in pairwise(edges):
            last = self._last(line, start)
            if last is None or last.window.off or end <= since:
                continue
            spans.append(Span(start, end, last.actor, last.window.why))
        return _joined(spans)

    def _last(self, line: str, moment: datetime) -> _Said | None:
        found = (said for said in reversed(self._said.get(line, ())) if said.speaks_of(moment))
        return next(found, None)


def _in_ms(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _edges(window: MaintenanceWindow) -> Sequence[datetime]:
    return (window.start,) if window.end is None else (window.start, window.end)


def _joined(spans: Sequence[Span]) -> Sequence[Span]:
    """Spans that touch and say the same are one."""
    joined: list[Span] = []
    for span in spans:
        before = joined[-1] if joined else None
        if before and (before.end, before.actor, before.why) == (span.start, span.actor, span.why):
            joined[-1] = Span(before.start, span.end, span.actor, span.why)
        else:
            joined.append(span)
    return joined
