"""A line's summary: what is in force on it, what its newest verdicts say, and what is wrong with it."""

import sqlite3
from collections.abc import Collection
from datetime import datetime

from schemas.reasons import LineEventKind, VerdictKind
from service.web.health import Signs, findings
from service.web.shapes import LastHour, LineSummary, Trouble
from service.web.view import banks, cameras, events, maintenance, tallies, verdicts
from service.web.view.tallies import MINUTE_MS, Hour

FLAGGED = (VerdictKind.REVIEW, VerdictKind.DEFECT)
JUDGED = (VerdictKind.OK, *FLAGGED)


def summaries(
    connection: sqlite3.Connection, now: datetime, names: Collection[str] | None = None
) -> list[LineSummary]:
    """Those of these lines that are known, by name; every line without names."""
    unreadable = events.dead_letters(connection)
    return [
        _summary(connection, line, now, unreadable.get(line, 0))
        for line in banks.lines(connection)
        if names is None or line in names
    ]


def _summary(connection: sqlite3.Connection, line: str, now: datetime, unreadable: int) -> LineSummary:
    active = banks.in_force(connection, line)
    tally, now_ms = tallies.of_line(connection, line), int(now.timestamp() * 1000)
    last = verdicts.newest(connection, line)
    hour = tallies.hour(connection, line, now_ms)
    epoch = banks.current_epoch(connection, line)
    signs = Signs(
        now=now,
        epoch=epoch,
        activated_at=active.activated_at if active else None,
        last=last,
        frames_last_hour=hour.frames,
        breaker=events.newest_of(connection, line, LineEventKind.BREAKER),
        drift=events.newest_of(connection, line, LineEventKind.DRIFT),
        cameras=cameras.faults(connection, line),
        maintenance=maintenance.at(connection, line, now),
    )
    return LineSummary(
        line=line,
        epoch=epoch,
        model=active.model if active else None,
        version=active.version if active else None,
        bank=banks.facts(connection, active) if active else None,
        thresholds=active.thresholds if active else None,
        activated_at=active.activated_at if active else None,
        counts={kind.value: tally.counts.get(kind, 0) for kind in VerdictKind},
        open={kind.value: tally.open.get(kind, 0) for kind in FLAGGED},
        last_hour=_last_hour(hour),
        troubles=tuple(Trouble(kind=found.health, sentence=found.sentence) for found in findings(signs)),
        flagged_share=_share(tally.counts),
        frames_per_minute=verdicts.count_since(connection, line, now_ms - MINUTE_MS),
        dead_letters=unreadable,
        last=last,
    )


def _last_hour(hour: Hour) -> LastHour:
    judged = sum(hour.judged)
    rate = 1000 * sum(hour.defects) / judged if judged else None
    return LastHour(judged=hour.judged, defects=hour.defects, per_thousand=rate)


def _share(counts: dict[str, int]) -> float | None:
    judged = sum(counts.get(kind, 0) for kind in JUDGED)
    return sum(counts.get(kind, 0) for kind in FLAGGED) / judged if judged else None
