"""The join of a sink: reports of views go in, reports of parts come out, with their offsets."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from schemas.report import Report
from service.sinks.config import Join
from service.sinks.joining import Joined, PartJoin, Seen
from workers.sink.lanes import Errand

Done = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Held:
    report: Report
    done: Done


class Joint:
    """Used from one event loop; the clock is this process's."""

    def __init__(self, settings: Join) -> None:
        self._settings = settings
        self._join: PartJoin[_Held] = PartJoin(frozenset(settings.views), settings.seconds)

    def take(self, report: Report, done: Done) -> Errand | None:
        """A view came; answers what is to be told now. A view that is none of the join's is done with."""
        view = report.line if self._settings.by == "line" else report.camera or ""
        if view not in self._settings.views:
            done()
            return None
        seen = Seen(view, report.good, _Held(report, done))
        if report.part_id is None:
            # Nobody knows which part it is: fail-safe, a part of its own with its other views missing.
            return self._errand(Joined("", False, (seen,), frozenset(self._settings.views) - {view}))
        if self._join.takes_late(report.part_id, view):
            done()
            return None
        joined = self._join.add(report.part_id, seen, time.monotonic())
        return None if joined is None else self._errand(joined)

    def due(self) -> Iterator[Errand]:
        """The parts whose time is up."""
        for joined in self._join.due(time.monotonic()):
            yield self._errand(joined)

    def forget(self) -> None:
        """Drop what is open: it comes again."""
        self._join.forget()

    def _errand(self, joined: Joined[_Held]) -> Errand:
        held = [seen.token for seen in joined.seen]
        report = Report.of_part(
            self._settings.line,
            joined.part_id or None,
            good=joined.good,
            seen=tuple(each.report for each in held),
            missing=joined.missing,
            by_camera=self._settings.by == "camera",
        )

        def done() -> None:
            for each in held:
                each.done()

        return Errand(report, done)
