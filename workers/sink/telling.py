"""From records to reports in their lanes: which count, which are wanted, and what is finished at once."""

from collections.abc import Callable, Mapping

import structlog

from schemas.alert import Alert
from schemas.report import Report
from schemas.verdict import Verdict
from service.sinks.effective import Recent
from service.stream.base import Record
from service.telemetry import metrics
from workers.sink.frames import FrameWatch
from workers.sink.hygiene import SinkHygiene
from workers.sink.joint import Joint
from workers.sink.lanes import Errand, Lanes
from workers.sink.offsets import Offsets
from workers.sink.wanted import Wanted

_log = structlog.get_logger()


class Telling:
    """Used from one event loop."""

    def __init__(
        self,
        name: str,
        wanted: Wanted,
        offsets: Offsets,
        lanes: Lanes,
        joint: Joint | None,
        watch: FrameWatch | None,
        hygiene: SinkHygiene | None,
    ) -> None:
        self._name, self._wanted, self._offsets, self._lanes = name, wanted, offsets, lanes
        self._joint, self._watch, self._hygiene = joint, watch, hygiene
        self._seen: dict[int, Recent] = {}

    def begin(self, seen: Mapping[int, Recent]) -> None:
        """A new assignment, and what was told in it before."""
        self._seen = dict(seen)
        if self._joint is not None:
            self._joint.forget()

    def take(self, record: Record) -> None:
        """A record of the sink's topic."""
        self._offsets.read(record.partition, record.offset)
        generation = self._offsets.generation

        def done() -> None:
            self._offsets.told(record.partition, record.offset, generation)

        report = self._report(record)
        if report is None or not self._wanted.report(report):
            done()
        else:
            self._pass_on(report, done)

    def missing(self, report: Report) -> None:
        """A frame has no verdict in time."""
        if self._wanted.report(report):
            metrics.SINK_MISSING.labels(sink=self._name).inc()
            _log.warning("no verdict in time", line=report.line, part=report.part_id)
            self._pass_on(report, _nothing)

    def tick(self) -> None:
        """Tell of parts whose missing views are not waited for any longer."""
        if self._joint is not None:
            for errand in self._joint.due():
                self._lanes.tell(errand)

    def _pass_on(self, report: Report, done: Callable[[], None]) -> None:
        errand = Errand(report, done) if self._joint is None else self._joint.take(report, done)
        if errand is not None:
            self._lanes.tell(errand)

    def _report(self, record: Record) -> Report | None:
        """None for what counts for nothing: a repeated verdict or alert, one that hygiene holds back, or what
        is unreadable."""
        try:
            if self._wanted.config.source == "alerts":
                return self._of_alert(record)
            return self._of_verdict(record)
        except ValueError:
            metrics.SINK_UNREADABLE.labels(sink=self._name).inc()
            _log.warning("unreadable record", partition=record.partition, offset=record.offset)
            return None

    def _of_alert(self, record: Record) -> Report | None:
        alert = Alert.from_bytes(record.value or b"")
        if not self._seen[record.partition].first(alert.alert_id) or not self._wanted.alert(alert):
            return None
        if self._hygiene is not None and self._hygiene.holds(alert):
            return None
        return Report.of_alert(alert)

    def _of_verdict(self, record: Record) -> Report | None:
        verdict = Verdict.from_bytes(record.value or b"")
        source = verdict.source
        told = self._watch is not None and self._watch.answered(source.partition, source.offset)
        if not self._seen[record.partition].first(source.offset):
            return None
        return Report.of_verdict(verdict, late=told)


def _nothing() -> None:
    """A frame without a verdict has no offset of the topic to finish."""
