"""What ``patchline train`` made, in sentences and as JSON."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.cli.suspects import suspect_facts

if TYPE_CHECKING:
    from schemas.activation import Activated
    from service.training.built import BuiltBank
    from service.training.suspects import Screened


@dataclass(frozen=True, slots=True)
class Trained:
    """The bank, what was noted about its parts, and where it went."""

    built: "BuiltBank"
    screened: "Screened"
    excluded: bool
    notes: list[str]
    out: Path | None
    activated: "Activated | None"
    seconds: float


def tell_trained(trained: Trained, *, as_json: bool) -> None:
    """Print it: one JSON document, or a few sentences."""
    from workers.cli.screen import answers, print_json

    if as_json:
        print_json(_facts(trained))
        return
    screen = answers()
    for sentence in _sentences(trained):
        screen.print(sentence, markup=False)


def _facts(trained: Trained) -> dict[str, Any]:
    built, activated = trained.built, trained.activated
    return {
        "line": built.manifest.line,
        "model": built.manifest.model,
        "version": built.version,
        "vectors": built.memory_bank.size,
        "parts": len(built.manifest.parts),
        "size_bytes": len(built.data),
        "thresholds": built.thresholds.model_dump(mode="json"),
        "promise": _promise(built),
        "out": None if trained.out is None else str(trained.out),
        "epoch": None if activated is None else activated.epoch,
        "notes": trained.notes,
        "suspects": suspect_facts(trained.screened),
        "suspects_excluded": trained.excluded,
        "coverage_radius": built.manifest.coverage_radius,
        "seconds": round(trained.seconds, 3),
    }


def _sentences(trained: Trained) -> list[str]:
    from workers.cli import words

    built, manifest = trained.built, trained.built.manifest
    said = [
        f"{manifest.line}/{manifest.model}: {words.many(built.memory_bank.size, 'vector')} of "
        f"{words.many(len(manifest.parts), 'good part')}, {words.size(len(built.data))}, "
        f"in {trained.seconds:.1f} s",
        words.verdict_rule(built.thresholds),
        _promise(built),
    ]
    if trained.out is not None:
        said.append(f"Written to {trained.out}, version {words.version(built.version)}.")
    if trained.activated is not None:
        epoch = trained.activated.epoch
        said.append(f"In force on {manifest.line} as epoch {epoch}, version {words.version(built.version)}.")
    return said


def _promise(built: "BuiltBank") -> str:
    return built.memory_bank.calibration().sentence(built.thresholds.wished_alpha)
