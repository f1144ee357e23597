"""What ``patchline inspect`` found out about each picture, as a table and as JSON."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from service.banks.bank_file import LoadedBank
    from service.inspection.judgement import Judgement
    from service.inspection.line_model import LineModel

_REGIONS_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One picture. ``verdict`` is a verdict's word, or ``unreadable``; ``sentence`` says why it has no
    judgement."""

    path: Path
    verdict: str
    judgement: "Judgement | None" = None
    reason: str | None = None
    sentence: str = ""
    heatmap: Path | None = None

    @property
    def unreadable(self) -> bool:
        """Whether the bytes are no readable picture."""
        return self.verdict == "unreadable"


def tell_findings(
    loaded: "LoadedBank", model: "LineModel", findings: list[Finding], *, as_json: bool
) -> None:
    """Print them: one JSON document, or a table with its summary beside it."""
    from workers.cli import words
    from workers.cli.screen import answers, note, print_json

    if as_json:
        print_json({"bank": _bank_facts(loaded, model), "images": [_facts(f) for f in findings]})
        return
    answers().print(_table(findings, model))
    note(
        f"{words.counts(Counter(finding.verdict for finding in findings))}. "
        f"{words.verdict_rule(model.thresholds)}"
    )
    note(loaded.memory_bank.calibration().sentence(model.thresholds.wished_alpha))


def _bank_facts(loaded: "LoadedBank", model: "LineModel") -> dict[str, Any]:
    manifest = loaded.manifest
    return {
        "line": manifest.line,
        "model": manifest.model,
        "version": loaded.version,
        "vectors": loaded.memory_bank.size,
        "parts": len(manifest.parts),
        "thresholds": model.thresholds.model_dump(mode="json"),
    }


def _facts(finding: Finding) -> dict[str, Any]:
    judgement = finding.judgement
    return {
        "image": str(finding.path),
        "verdict": finding.verdict,
        "reason": finding.reason,
        "sentence": finding.sentence or None,
        "score": judgement and judgement.score,
        "p_value": judgement and judgement.p_value,
        "regions": [
            {"x": box.x, "y": box.y, "width": box.width, "height": box.height, "score": box.score}
            for box in (judgement.regions if judgement else ())
        ],
        "heatmap": finding.heatmap and str(finding.heatmap),
    }


def _table(findings: list[Finding], model: "LineModel") -> "Table":
    from rich.table import Table

    from workers.cli import words

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("image", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    for name in ("score", "threshold", "p"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("regions, in pixels")
    threshold = words.score(model.thresholds.defect_score)
    for finding in findings:
        judgement = finding.judgement
        numbers = (
            (words.score(judgement.score), threshold, words.p_value(judgement.p_value))
            if judgement
            else ("–", "–", "–")
        )
        table.add_row(str(finding.path), words.verdict(finding.verdict), *numbers, _regions(finding))
    return table


def _regions(finding: Finding) -> str:
    if finding.judgement is None:
        return finding.sentence
    boxes = [f"{box.width}×{box.height} at {box.x},{box.y}" for box in finding.judgement.regions]
    more = f" and {len(boxes) - _REGIONS_SHOWN} more" if len(boxes) > _REGIONS_SHOWN else ""
    return "; ".join(boxes[:_REGIONS_SHOWN]) + more
