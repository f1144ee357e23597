"""The port to a counterpart outside: reports in, acceptance back."""

from typing import Protocol

from schemas.report import Report


class SinkUnavailable(Exception):
    """The counterpart did not accept now: the same report is worth another try. The sentence holds no
    secret."""


class ReportRefused(Exception):
    """The counterpart refuses this very report for good; the sentence says why and holds no secret."""


class Sink(Protocol):
    """A counterpart. Used from one event loop; reports of different lines may be under way at once, of one
    line never two."""

    async def open(self) -> None:
        """Begin to listen or connect, not waiting for the counterpart. Raises ``OSError`` for an address or
        a file that cannot be had here."""
        ...

    async def deliver(self, report: Report) -> None:
        """Tell, and return once the counterpart has accepted. May wait as long as the counterpart is
        allowed to; raises ``SinkUnavailable`` past that, and ``ReportRefused``. A report told again has the
        same ``report_id``."""
        ...

    async def close(self) -> None:
        """Take leave. What was not accepted is told again by whoever comes next."""
        ...
