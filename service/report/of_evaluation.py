"""The report of ``patchline evaluate``: quality, thresholds, mistakes and cost of each category."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from service.evaluation.intervals import Interval
from service.evaluation.result import CategoryResult, Evaluation
from service.report import figures
from service.report.document import Case, Figure, Gallery, Report, Section, Table
from service.report.evidence import Evidence, WorstCase

_QUALITY = (
    ("image AUROC", "image_auroc"),
    ("average precision", "average_precision"),
    ("pixel AUROC", "pixel_auroc"),
    ("AUPRO (0.3)", "aupro"),
)


def report_of(evaluation: Evaluation, evidence: Mapping[str, Evidence], made_at: datetime) -> Report:
    """``evidence`` of each category, by its name, is of the first seed. Raises ``FiguresMissing``."""
    return Report(
        title="How well good parts alone tell defects",
        summary=[_summary(evaluation)],
        sections=[_section(result, evidence[result.name]) for result in evaluation.categories],
        made_at=made_at,
        version=evaluation.version,
        facts=[
            ("recipe", evaluation.recipe.name),
            ("network", evaluation.backbone),
            ("weights (sha256)", evaluation.weights_sha256),
        ],
    )


def _summary(evaluation: Evaluation) -> str:
    count = len(evaluation.categories)
    area = _number(evaluation.mean["image_auroc"])
    of = "one category" if count == 1 else f"{count} categories, on average"
    return (
        f"Over {of}, the image AUROC is {area}: the chance that a defective part scores above a good one. "
        "Only good parts were learned; no threshold was chosen by looking at a defect."
    )


def _section(result: CategoryResult, seen: Evidence) -> Section:
    return Section(
        title=result.name,
        sentences=list(_sentences(result)),
        tables=[_quality(result), _cost(result)],
        figures=list(_figures(result, seen)),
        galleries=[
            Gallery(
                "The defects that look most like good parts",
                _cases(seen.misses),
                "There is no defect to show.",
            ),
            Gallery(
                "The good parts that look most like defects",
                _cases(seen.false_alarms),
                "There is no good part to show.",
            ),
        ],
    )


def _sentences(result: CategoryResult) -> Iterator[str]:
    yield (
        f"{result.train_images} good parts were learned; {result.test_good} other good parts and "
        f"{result.test_defect} defective ones were judged."
    )
    yield (
        f"At the automatic threshold the false-alarm rate is {_rate(result.false_alarm_rate)}"
        f"{_range(result.false_alarm_interval)} and the recall {_rate(result.recall)}"
        f"{_range(result.recall_interval)}; ranges are 95 % intervals. The bank promises a false-alarm rate "
        f"of {result.seeds[0].alpha:.2%} on average."
    )
    if len(result.seeds) > 1:
        yield f"Figures are means over {len(result.seeds)} draws of parts; pictures are of the first."


def _quality(result: CategoryResult) -> Table:
    rows = [(title, _number(getattr(result, name)), _number(result.spread[name])) for title, name in _QUALITY]
    if len(result.seeds) == 1:
        return Table(("quality", ""), [row[:2] for row in rows])
    return Table(("quality", "mean", "standard deviation over draws"), rows)


def _cost(result: CategoryResult) -> Table:
    height, width = result.input_size
    return Table(
        ("cost", ""),
        [
            ("milliseconds a picture, in batches of 8", f"{result.score_ms_per_image:.1f}"),
            ("seconds to learn", f"{result.fit_seconds:.1f}"),
            ("vectors in the bank", f"{result.bank_vectors:.0f}"),
            ("network's input", f"{width} × {height}"),
            ("peak memory, MB", f"{result.peak_memory_mb:.0f}"),
        ],
    )


def _figures(result: CategoryResult, seen: Evidence) -> Iterator[Figure]:
    first = result.seeds[0].image_auroc
    if first is not None:
        yield figures.roc(seen.defects, seen.scores, first)
    series: dict[str, tuple[NDArray[np.floating], str]] = {
        "held-out good": (seen.held_out, figures.OTHER),
        "good": (seen.scores[~seen.defects], figures.GOOD),
        "defect": (seen.scores[seen.defects], figures.DEFECT),
    }
    marks = {"defect above": seen.defect_score, "review above": seen.review_score}
    shown = {name: (scores, colour) for name, (scores, colour) in series.items() if len(scores)}
    yield figures.histogram(shown, marks, "Scores, with the thresholds that the held-out good parts gave")


def _cases(cases: Sequence[WorstCase]) -> list[Case]:
    return [Case(case.name, _told(case), case.heatmap) for case in cases]


def _told(case: WorstCase) -> str:
    return f"score {case.score:.3g}, {'judged wrongly' if case.wrong else 'judged rightly'}"


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"


def _rate(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.1%}"


def _range(interval: Interval | None) -> str:
    return "" if interval is None else f" ({interval[0]:.1%} to {interval[1]:.1%})"
