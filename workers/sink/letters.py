"""Reports that were refused or given up become letters, however long the object store takes."""

import asyncio
from datetime import datetime

import structlog

from schemas.report import Report
from service.sinks.letters import SinkLetter, SinkLetters
from service.store import StoreError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_log = structlog.get_logger()


async def set_aside(letters: SinkLetters, sink: str, report: Report, reason: str, now: datetime) -> None:
    """Keep the report with its reason, under a name of its own; tried until the store has it, and the line
    waits meanwhile: a report is told, or kept, never dropped."""
    letter = SinkLetter(sink=sink, reason=reason, set_aside_at=now, report=report)
    pause = _FIRST_PAUSE
    while True:
        try:
            await letters.keep(letter)
        except StoreError as error:
            _log.warning("report not set aside yet; tried again", cause=str(error), seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            _log.warning("report set aside", line=report.line, report=str(report.report_id), cause=reason)
            return
