"""The sink's own dead letters: reports that were refused or given up, kept in the object store."""

import asyncio
import json
from datetime import datetime

import structlog

from schemas.report import Report
from service.store import ObjectStore, StoreError
from service.store.keys import sink_letter_key

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_log = structlog.get_logger()


async def set_aside(store: ObjectStore, sink: str, report: Report, reason: str, now: datetime) -> None:
    """Keep the report with its reason, under a name of its own; tried until the store has it, and the line
    waits meanwhile: a report is told, or kept, never dropped."""
    letter = {
        "sink": sink,
        "reason": reason,
        "set_aside_at": now.isoformat(),
        "report": json.loads(report.to_bytes()),
    }
    key, pause = sink_letter_key(sink, report.line, report.report_id), _FIRST_PAUSE
    while True:
        try:
            await store.put(key, json.dumps(letter).encode())
        except StoreError as error:
            _log.warning("report not set aside yet; tried again", cause=str(error), seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            _log.warning("report set aside", line=report.line, report=str(report.report_id), cause=reason)
            return
