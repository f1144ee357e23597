"""The door: no command is looked into that nobody who is trusted signed; its line is told of it."""

import time

import structlog

from schemas.ids import is_line_id
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from service.signing.admission import refusal_of
from service.signing.statement import KeyUse
from service.signing.trust import Trust
from service.stream.base import Record, StreamError
from workers.rebuilder.journal import Journal

# A line is told no more often, and no more lines at a time: whoever can write commands could write a million.
REST_SECONDS = 60.0
MAX_LINES = 64
_log = structlog.get_logger()


class Door:
    """Used from one event loop."""

    def __init__(self, trust: Trust, journal: Journal) -> None:
        self._trust, self._journal = trust, journal
        self._told: dict[str, float] = {}
        self._to_tell: list[LineEvent] = []

    def admits(self, record: Record) -> bool:
        """Whether the command may be read."""
        refused = refusal_of(record, KeyUse.COMMANDS, self._trust)
        if refused is not None:
            self._remember((record.key or b"").decode(errors="replace"), refused.sentence)
        return refused is None

    async def tell(self) -> None:
        """Write what is to be told of commands that were not let in; what the broker does not take now is
        told later."""
        while self._to_tell:
            try:
                await self._journal.write(self._to_tell[0])
            except StreamError as error:
                _log.warning("refusal not told yet", cause=str(error))
                return
            del self._to_tell[0]

    def _remember(self, line: str, sentence: str) -> None:
        now = time.monotonic()
        self._told = {other: at for other, at in self._told.items() if now - at < REST_SECONDS}
        if not is_line_id(line) or line in self._told or len(self._told) >= MAX_LINES:
            return
        self._told[line] = now
        kind, at = LineEventKind.UNTRUSTED, self._journal.now()
        self._to_tell.append(LineEvent(kind=kind, line=line, sentence=sentence, at=at))
