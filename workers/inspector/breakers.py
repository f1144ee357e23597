"""The breakers of the lines that this inspector judges, and what is to be told of them.

The state is this process's alone: after a restart every breaker is closed. A replayed frame is an old one: it
passes whatever the breaker says, and tells it nothing.
"""

from collections import OrderedDict
from datetime import UTC, datetime

from schemas.line_event import LineEvent
from schemas.reasons import DeadLetterReason, LineEventKind
from service.inspection.breaker import Breaker, BreakerRules, Passage
from service.telemetry import metrics
from workers.extraction.protocol import Outcome, Unreadable
from workers.inspector.job import Envelope

# Past so many lines, the one unheard for longest begins anew.
MAX_LINES = 1024
# A frame that ends workers costs as much as many that are merely unreadable.
_KILLER_WEIGHT = 10


class Breakers:
    """Used from one event loop; no method waits."""

    def __init__(self, rules: BreakerRules, max_lines: int = MAX_LINES) -> None:
        self._rules, self._max_lines = rules, max_lines
        self._lines: OrderedDict[str, Breaker] = OrderedDict()
        self._events: list[LineEvent] = []

    def admit(self, envelope: Envelope) -> Passage:
        """A frame of the line comes."""
        if envelope.headers.replay_of is not None:
            return Passage.THROUGH
        return self._breaker(envelope.line).admit()

    def rejected(self, envelope: Envelope, passage: Passage) -> None:
        """The frame could not even be handed to the worker."""
        self._came(envelope, passage, good=False, weight=1)

    def concluded(self, envelope: Envelope, passage: Passage, outcome: Outcome) -> None:
        """The worker is done with the frame. What it can read is good, be it flat or a defect."""
        bad = isinstance(outcome, Unreadable)
        killer = isinstance(outcome, Unreadable) and outcome.reason == DeadLetterReason.KILLS_WORKER
        self._came(envelope, passage, good=not bad, weight=_KILLER_WEIGHT if killer else 1)

    def events(self) -> list[LineEvent]:
        """What is to be told since this was last asked."""
        told, self._events = self._events, []
        return told

    def _came(self, envelope: Envelope, passage: Passage, *, good: bool, weight: int) -> None:
        if envelope.headers.replay_of is not None or passage is Passage.REFUSED:
            return
        breaker = self._breaker(envelope.line)
        if breaker.came(passage, good=good, weight=weight):
            metrics.BREAKER.labels(line=envelope.line).set(breaker.open)
            self._events.append(_event(envelope.line, is_open=breaker.open))

    def _breaker(self, line: str) -> Breaker:
        breaker = self._lines.setdefault(line, Breaker(self._rules))
        self._lines.move_to_end(line)
        if len(self._lines) > self._max_lines:
            forgotten, gone = self._lines.popitem(last=False)
            if gone.open:
                metrics.BREAKER.remove(forgotten)
        return breaker


def _event(line: str, *, is_open: bool) -> LineEvent:
    sentence = (
        "the breaker opened: the line sends frames that cannot be read; they are stored as faults, and a few "
        "are tried: see `patchline dead-letters list`, mend the camera, then `patchline replay`"
        if is_open
        else "the breaker closed: the line's frames can be read again, and are judged"
    )
    return LineEvent(
        kind=LineEventKind.BREAKER, line=line, sentence=sentence, breaker_open=is_open, at=datetime.now(UTC)
    )
