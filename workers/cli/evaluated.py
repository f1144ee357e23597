"""What was measured beside the table: learning curves, false alarms, contamination; in words."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.evaluation.result import CategoryResult, Contamination, CurvePoint, FalseAlarms


def extra_sentences(results: "Sequence[CategoryResult]") -> "Iterator[str]":
    """One line for each thing that was asked for, of each category."""
    for result in results:
        if result.curve:
            yield f"{result.name}: AUROC with {', '.join(map(_point, result.curve))}"
        if result.false_alarms:
            yield f"{result.name}: {_alarms(result.false_alarms)}"
        if result.contamination:
            yield f"{result.name}: {_contamination(result.contamination)}"


def _point(point: "CurvePoint") -> str:
    area = "not defined" if point.image_auroc is None else f"{point.image_auroc:.3f}"
    spread = "" if point.spread is None else f" ±{point.spread:.3f}"
    return f"{point.train_images} parts {area}{spread}"


def _alarms(found: "FalseAlarms") -> str:
    return (
        f"false alarms over {found.splits} splits of {found.train_images} taught and {found.judged} judged: "
        f"{found.mean:.2%} (wished {found.wished:.2%}, promised {found.alpha:.2%}, "
        f"a single bank with 95 % confidence below {found.bound:.2%})"
    )


def _contamination(found: "Contamination") -> str:
    defects = "1 defect" if found.defects == 1 else f"{found.defects} defects"
    return (
        f"AUROC {found.clean:.3f} of good parts alone, {found.contaminated:.3f} with {defects} "
        f"among {found.train_images} parts, {found.screened:.3f} screened ({found.excluded:g} left out, "
        f"{found.excluded_defects:g} of them defects)"
    )
