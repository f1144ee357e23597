"""Laws of retention's horizon: it excuses heatmaps of its own line, class and time, and nothing else."""

from datetime import datetime, timedelta

import pytest

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind, VerdictKind
from schemas.topics import TOPICS, TopicKind
from service.ledger.check import check_ledger
from service.ledger.report import LedgerReport
from service.store.keys import heatmap_key
from tests.ledger.history import FATES, GROUP, PREFIX, History, make_history, parsed

LATER = timedelta(seconds=1)


async def _report(history: History, line: str, expired: dict[VerdictKind, datetime]) -> LedgerReport:
    broker = await history.written()
    producer = await broker.producer()
    event = LineEvent(
        kind=LineEventKind.RETENTION,
        line=line,
        sentence="removed",
        expired_before=expired,
        at=max(expired.values()),
    )
    topic = TOPICS[TopicKind.LINE_EVENTS].name(PREFIX)
    await producer.send(topic, key=line.encode(), value=event.to_bytes())
    return await check_ledger(broker, history.store, PREFIX, GROUP)


@pytest.mark.parametrize(
    ("line", "kind", "moved", "missing"),
    [
        (None, VerdictKind.DEFECT, LATER, 0),
        (None, VerdictKind.DEFECT, -LATER, 1),
        (None, VerdictKind.OK, LATER, 1),
        ("another", VerdictKind.DEFECT, LATER, 1),
    ],
)
async def test_a_heatmap_is_excused_by_the_horizon_of_its_line_and_class_alone(
    line: str | None, kind: VerdictKind, moved: timedelta, missing: int
) -> None:
    history = await make_history(FATES * 2)
    verdict = parsed(history.verdict(VerdictKind.DEFECT))
    await history.store.delete(heatmap_key(verdict.line, verdict.frame_uid, verdict.bank_version or ""))
    report = await _report(history, line or verdict.line, {kind: verdict.inspected_at + moved})
    assert report.heatmaps_missing == missing
    assert report.clean == (missing == 0)
