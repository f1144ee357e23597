"""The report of a line: what it judged, what people said of that, and what was told of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from schemas.reasons import LineEventKind, VerdictKind
from schemas.verdict import Verdict
from service.patchcore.metrics import auroc
from service.report import figures
from service.report.document import Case, Figure, Gallery, Report, Section, Table
from service.report.line_record import LineRecord

SHOWN = 6
_BARS = 24
_EVENTS = 30
_COLOURS = {
    VerdictKind.OK: figures.GOOD,
    VerdictKind.REVIEW: figures.REVIEW,
    VerdictKind.DEFECT: figures.DEFECT,
    VerdictKind.FAULT: figures.OTHER,
    VerdictKind.DROPPED: "#b6bfc9",
}
_QUIET = (LineEventKind.BUILD_PROGRESS,)


class Kinds:
    """A line's verdicts by what people may want to look at; each worst first, at most six."""

    def __init__(self, record: LineRecord) -> None:
        scored = [v for v in record.verdicts.values() if v.score is not None]
        flagged = _falling(v for v in scored if v.alarming)
        self.scored = scored
        self.strangest = flagged[:SHOWN]
        self.false_alarms = [v for v in flagged if v.frame_uid in record.approved]
        self.misses = _rising(
            v for v in scored if v.verdict is VerdictKind.OK and v.frame_uid in record.confirmed
        )

    def shown(self) -> list[Verdict]:
        """Those whose pictures a report has room for."""
        return [*self.strangest, *self.false_alarms[:SHOWN], *self.misses[:SHOWN]]


def line_report(
    record: LineRecord, pictures: Mapping[UUID, bytes], made_at: datetime, version: str
) -> Report:
    """``pictures`` are PNGs by frame_uid, for those of ``Kinds.shown`` that are still kept. Raises
    ``FiguresMissing``."""
    kinds, counts = Kinds(record), Counter(v.verdict for v in record.verdicts.values())
    return Report(
        title=f"Line {record.line}",
        summary=[_summary(record, counts)],
        sections=[
            Section(
                "What was judged",
                sentences=list(_sentences(record, kinds)),
                tables=list(_tables(record, counts)),
                figures=list(_figures(record, kinds, made_at)),
            ),
            Section("Parts to look at", galleries=_galleries(kinds, pictures)),
            Section("What was told of the line", tables=_told(record)),
        ],
        made_at=made_at,
        version=version,
    )


def _summary(record: LineRecord, counts: Mapping[VerdictKind, int]) -> str:
    since = f"{record.since.astimezone():%Y-%m-%d %H:%M %Z}"
    if not record.verdicts:
        return f"No frame was judged since {since}."
    total = sum(counts.values())
    flagged = counts[VerdictKind.DEFECT] + counts[VerdictKind.REVIEW]
    return (
        f"Since {since} the line judged {total:,} frames and flagged {flagged:,} of them "
        f"({flagged / total:.2%}): {counts[VerdictKind.DEFECT]:,} as defects, "
        f"{counts[VerdictKind.REVIEW]:,} for review."
    )


def _sentences(record: LineRecord, kinds: Kinds) -> Iterator[str]:
    answered = len(kinds.false_alarms)
    if flagged := [v for v in kinds.scored if v.alarming]:
        right = sum(v.frame_uid in record.confirmed for v in flagged)
        yield (
            f"Of {len(flagged):,} flagged parts, people called {answered:,} good and {right:,} defective; "
            f"the others were not answered."
        )
    if kinds.misses:
        yield f"People called {len(kinds.misses):,} parts defective that the line had let pass."
    newest = max(kinds.scored, key=lambda v: v.inspected_at, default=None)
    if newest is not None and newest.alpha is not None:
        yield (
            f"The newest verdict is by model {newest.model}, epoch {newest.epoch}, which promises at most "
            f"{newest.alpha:.2%} false alarms on average."
        )


def _tables(record: LineRecord, counts: Mapping[VerdictKind, int]) -> Iterator[Table]:
    total = max(1, sum(counts.values()))
    rows = [(k.value, f"{counts[k]:,}", f"{counts[k] / total:.2%}", k.sentence) for k in VerdictKind]
    yield Table(("verdict", "frames", "share", "meaning"), rows)
    faults = Counter(v.reason for v in record.verdicts.values() if v.reason is not None)
    if faults:
        told = [(reason.value, f"{count:,}", reason.sentence) for reason, count in faults.most_common()]
        yield Table(("fault", "frames", "meaning"), told)
    if waits := [_seconds(v) for v in record.verdicts.values()]:
        middle, late = np.quantile(waits, (0.5, 0.99))
        yield Table(
            ("from the broker's timestamp to the verdict", ""),
            [("half within", f"{middle:.3f} s"), ("99 of 100 within", f"{late:.3f} s")],
        )


def _figures(record: LineRecord, kinds: Kinds, until: datetime) -> Iterator[Figure]:
    if record.verdicts:
        yield _over_time(record, until)
    if not kinds.scored:
        return
    newest = max(kinds.scored, key=lambda v: v.inspected_at)
    series = {
        kind.value: (np.array([v.score for v in kinds.scored if v.verdict is kind], float), _COLOURS[kind])
        for kind in (VerdictKind.OK, VerdictKind.REVIEW, VerdictKind.DEFECT)
    }
    marks = {"defect above": newest.threshold, "review above": newest.review_threshold}
    yield figures.histogram(
        {name: shown for name, shown in series.items() if len(shown[0])},
        {name: mark for name, mark in marks.items() if mark is not None},
        "Scores, with the newest verdict's thresholds",
    )
    yield from _answered(record, kinds)


def _answered(record: LineRecord, kinds: Kinds) -> Iterator[Figure]:
    """People answer what was flagged: this says how well scores order those, not how well the line does."""
    known = [v for v in kinds.scored if v.frame_uid in record.approved | record.confirmed]
    labels = np.array([v.frame_uid in record.confirmed for v in known], dtype=np.bool_)
    scores = np.array([v.score for v in known], dtype=np.float64)
    area = auroc(labels, scores) if len(known) else None
    if area is not None:
        drawn = figures.roc(labels, scores, area)
        yield Figure(drawn.svg, f"{drawn.caption}. Only of the {len(known)} parts that people answered")


def _over_time(record: LineRecord, until: datetime) -> Figure:
    span = max(until - record.since, timedelta(seconds=1))
    numbers: dict[VerdictKind, list[int]] = {kind: [0] * _BARS for kind in VerdictKind}
    for verdict in record.verdicts.values():
        bar = int((verdict.inspected_at - record.since) / span * _BARS)
        numbers[verdict.verdict][min(max(bar, 0), _BARS - 1)] += 1
    form = "%H:%M" if span <= timedelta(days=2) else "%m-%d"
    labels = [f"{(record.since + span * bar / _BARS).astimezone():{form}}" for bar in range(_BARS)]
    counts = {kind.value: (bars, _COLOURS[kind]) for kind, bars in numbers.items() if any(bars)}
    return figures.stacked(labels, counts, "Frames over time, by verdict")


def _galleries(kinds: Kinds, pictures: Mapping[UUID, bytes]) -> list[Gallery]:
    kept = (
        ("The strangest parts", kinds.strangest, "No part was flagged."),
        ("Flagged, and called good by people", kinds.false_alarms, "No flagged part was called good."),
        ("Let pass, and called defective by people", kinds.misses, "Nobody found a defect among them."),
    )
    return [Gallery(title, _cases(shown[:SHOWN], pictures), nothing) for title, shown, nothing in kept]


def _cases(verdicts: Sequence[Verdict], pictures: Mapping[UUID, bytes]) -> list[Case]:
    return [Case(v.part_id or v.frame_id, _said(v), pictures.get(v.frame_uid)) for v in verdicts]


def _said(verdict: Verdict) -> str:
    p_value = "" if verdict.p_value is None else f", p {verdict.p_value:.3g}"
    when = f"{verdict.inspected_at.astimezone():%Y-%m-%d %H:%M:%S}"
    return f"{verdict.verdict.value}, score {verdict.score:.3g}{p_value}, epoch {verdict.epoch}, {when}"


def _told(record: LineRecord) -> list[Table]:
    events = [event for event in record.events if event.kind not in _QUIET][-_EVENTS:]
    rows = [
        (f"{event.at.astimezone():%Y-%m-%d %H:%M}", event.kind.value, event.sentence, event.actor or "")
        for event in reversed(events)
    ]
    return [Table(("when", "what", "sentence", "by"), rows)]


def _seconds(verdict: Verdict) -> float:
    return max(0.0, verdict.inspected_at.timestamp() - verdict.source.timestamp_ms / 1000)


def _falling(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return sorted(verdicts, key=lambda v: v.score or 0.0, reverse=True)


def _rising(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return sorted(verdicts, key=lambda v: v.score or 0.0)
