"""What a sink tells of: its filter, as functions of a report."""

from dataclasses import dataclass

from schemas.alert import Alert
from schemas.reasons import ReportKind
from schemas.report import Report
from service.sinks.config import AnySink


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filter of a sink's settings."""

    config: AnySink

    def line(self, line: str) -> bool:
        """Whether the sink tells of the line at all."""
        return not self.config.lines or line in self.config.lines

    def serves(self, line: str) -> bool:
        """Whether the sink's reports may be of the line: one of its own, or the joined one."""
        join = self.config.join
        return self.line(line) if join is None else line == join.line

    def alert(self, alert: Alert) -> bool:
        """Whether this alert is of those that are told."""
        return self.report(Report.of_alert(alert))

    def report(self, report: Report) -> bool:
        """Whether this report is told. What is late or missing passes any choice of verdicts: a
        counterpart that waits for defects only must hear that there is no verdict."""
        config = self.config
        if not self.line(report.line) or (report.replay_of is not None and not config.replays):
            return False
        if config.cameras and report.camera not in config.cameras:
            return False
        if not config.verdicts or config.join is not None:
            return True
        return report.late or report.kind is ReportKind.MISSING or report.verdict in config.verdicts
