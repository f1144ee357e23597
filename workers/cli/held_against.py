"""Two banks of a line held against each other on its newest stored frames, as a table and as JSON."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.cli.stored_banks import Installation

if TYPE_CHECKING:
    from schemas.activation import Thresholds
    from service.banks.bank_file import LoadedBank
    from service.shadow.comparison import Compared, Comparison

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Side:
    """A bank with the thresholds that it judges by; ``name`` is how people know it."""

    name: str
    loaded: "LoadedBank"
    thresholds: "Thresholds"
    epoch: int | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """For machines."""
        bank, manifest = self.loaded.memory_bank, self.loaded.manifest
        return {
            "epoch": self.epoch,
            "model": manifest.model,
            "version": self.loaded.version,
            "recipe": manifest.recipe.name,
            "parts": len(manifest.parts),
            "vectors": bank.size,
            "size_bytes": self.loaded.size_bytes,
            "selection_radius": manifest.selection_radius,
            "coverage_radius": manifest.coverage_radius,
            "thresholds": self.thresholds.model_dump(mode="json"),
        }


async def held_against(
    installation: Installation, line: str, before: Side, after: Side, frames: int
) -> "Comparison":
    """Judge the line's newest ``frames`` frames with both. Raises ``StreamError`` and ``StoreError``."""
    from schemas.topics import TopicKind
    from service.images.decode import ImageLimits
    from service.shadow.comparison import compare
    from service.shadow.newest import newest_verdicts
    from workers.cli.installation import topic
    from workers.cli.progress import progress_bars
    from workers.cli.scoring import ready_model

    settings = installation.settings
    limits = ImageLimits(settings.inspector.max_pixels, settings.inspector.max_reference_bytes)
    verdicts = topic(settings, TopicKind.VERDICTS)
    found = await newest_verdicts(installation.broker, verdicts, line, frames)
    models = [ready_model(settings, side.loaded, side.thresholds) for side in (before, after)]
    with progress_bars({"judge": "Judging stored frames"}) as tell:
        return await compare(
            found, models[0], models[1], installation.store, limits, lambda d, n: tell("judge", d, n)
        )


def comparison_facts(comparison: "Comparison") -> dict[str, Any]:
    """For machines: ``flips`` are keyed as ``ok->defect``."""
    return {
        "compared": len(comparison.compared),
        "missing": comparison.missing,
        "unreadable": comparison.unreadable,
        "flips": {f"{before}->{after}": number for (before, after), number in comparison.flips.items()},
        "flipped": [_frame_facts(each) for each in comparison.flipped],
    }


def tell_comparison(comparison: "Comparison") -> None:
    """For people: the flips counted, then the frames, at most twenty."""
    from rich.table import Table

    from workers.cli import words
    from workers.cli.screen import answers, note

    compared = words.many(len(comparison.compared), "stored frame")
    if comparison.missing or comparison.unreadable:
        note(f"{comparison.missing} no longer stored, {comparison.unreadable} unreadable")
    if not comparison.flips:
        answers().print(f"No verdict differs on {compared}.")
        return
    counts = {f"{before} -> {after}": number for (before, after), number in comparison.flips.items()}
    answers().print(f"On {compared}: {words.counts(counts)}.")
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("frame", "before", "score", "after", "score", "picture"):
        table.add_column(name, no_wrap=name != "picture", overflow="fold")
    for each in comparison.flipped[:_SHOWN]:
        table.add_row(
            each.frame.frame_id,
            words.verdict(each.before.verdict),
            words.score(each.before.score),
            words.verdict(each.after.verdict),
            words.score(each.after.score),
            each.frame.frame_url or "",
        )
    answers().print(table)
    if len(comparison.flipped) > _SHOWN:
        note(f"and {len(comparison.flipped) - _SHOWN} more: --json lists all")


def _frame_facts(each: "Compared") -> dict[str, Any]:
    return {
        "frame_uid": str(each.frame.frame_uid),
        "frame_id": each.frame.frame_id,
        "url": each.frame.frame_url,
        "before": each.before.verdict,
        "after": each.after.verdict,
        "score_before": each.before.score,
        "score_after": each.after.score,
    }
