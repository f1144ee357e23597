"""A line's summary: what is in force on it, and what its newest verdicts say."""

import sqlite3
from datetime import datetime

from schemas.reasons import VerdictKind
from service.web.shapes import LineSummary
from service.web.view import banks, events, verdicts

MINUTE_MS = 60_000
FLAGGED = (VerdictKind.REVIEW, VerdictKind.DEFECT)
JUDGED = (VerdictKind.OK, *FLAGGED)


def summaries(connection: sqlite3.Connection, now: datetime) -> list[LineSummary]:
    """Every line, by name."""
    counts = verdicts.counts(connection)
    rates = verdicts.count_since(connection, int(now.timestamp() * 1000) - MINUTE_MS)
    unreadable = events.dead_letters(connection)
    return [
        _summary(connection, line, counts.get(line, {}), rates.get(line, 0), unreadable.get(line, 0))
        for line in banks.lines(connection)
    ]


def _summary(
    connection: sqlite3.Connection, line: str, counts: dict[str, int], rate: int, unreadable: int
) -> LineSummary:
    active = banks.in_force(connection, line)
    newest, _ = verdicts.page(connection, verdicts.Filter(line), None, 1)
    return LineSummary(
        line=line,
        epoch=banks.current_epoch(connection, line),
        model=active.model if active else None,
        version=active.version if active else None,
        bank=banks.facts(connection, active) if active else None,
        thresholds=active.thresholds if active else None,
        activated_at=active.activated_at if active else None,
        counts={kind.value: counts.get(kind.value, 0) for kind in VerdictKind},
        flagged_share=_share(counts),
        frames_per_minute=rate,
        dead_letters=unreadable,
        last=newest[0] if newest else None,
    )


def _share(counts: dict[str, int]) -> float | None:
    judged = sum(counts.get(kind, 0) for kind in JUDGED)
    return sum(counts.get(kind, 0) for kind in FLAGGED) / judged if judged else None
