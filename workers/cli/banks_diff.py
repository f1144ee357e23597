"""``patchline banks diff | shadow``: what another bank changes, or would."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.held_against import Side, comparison_facts, held_against, tell_comparison
from workers.cli.options import AsJson, Line
from workers.cli.stored_banks import Installation, with_installation

if TYPE_CHECKING:
    from service.banks.bank_file import LoadedBank
    from service.banks.diff import BankDiff
    from service.shadow.comparison import Comparison


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``banks``."""
    group.command(epilog="Example: patchline banks diff line1 3 4 --frames 500")(diff)
    group.command(epilog="Example: patchline banks shadow line1 candidate.bank --frames 500 --json")(shadow)


def diff(
    line: Line,
    before: Annotated[int, typer.Argument(metavar="E1", min=1, help="An epoch of the line.")],
    after: Annotated[int, typer.Argument(metavar="E2", min=1, help="Another epoch.")],
    frames: Annotated[
        int, typer.Option(metavar="N", min=0, help="Judge the newest N stored frames with both.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """What one epoch's bank has that another's lacks, and the verdicts that would change."""
    from service.banks.diff import BankDiff
    from workers.cli.screen import print_json

    async def work(installation: Installation) -> tuple[Side, Side, "Comparison | None"]:
        sides = [await _of_epoch(installation, line, epoch) for epoch in (before, after)]
        held = await held_against(installation, line, sides[0], sides[1], frames) if frames else None
        return sides[0], sides[1], held

    one, other, comparison = with_installation(work)
    found = BankDiff.of(one.loaded, other.loaded)
    if as_json:
        told = comparison and comparison_facts(comparison)
        print_json({"line": line, "from": one.facts, "to": other.facts, **_facts(found), "frames": told})
        return
    _print(one, other, found)
    if comparison is not None:
        tell_comparison(comparison)


def shadow(
    line: Line,
    bank: Annotated[str, typer.Argument(metavar="BANK", help="A file of `train --out`, or a version.")],
    frames: Annotated[int, typer.Option(metavar="N", min=1, help="The newest so many stored frames.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Judge stored frames with a candidate and with the bank in force, and tell where they differ.

    Changes nothing: the candidate is put in force by nobody.
    """
    from workers.cli.screen import note, print_json

    # Looked at before the broker is asked: what is wrong with a file is known at once.
    given: LoadedBank | str = _of_file(Path(bank), line) if Path(bank).is_file() else _version(bank)

    async def work(installation: Installation) -> tuple[Side, Side, "Comparison"]:
        active = await _of_epoch(installation, line, None)
        candidate = await _candidate(installation, line, given, active)
        return active, candidate, await held_against(installation, line, active, candidate, frames)

    active, candidate, comparison = with_installation(work)
    if as_json:
        told = comparison_facts(comparison)
        print_json({"line": line, "in_force": active.facts, "candidate": candidate.facts, "frames": told})
        return
    note(f"{active.name} is in force; the candidate is {candidate.name}")
    tell_comparison(comparison)


async def _of_epoch(installation: Installation, line: str, epoch: int | None) -> Side:
    activation = installation.epoch(line, epoch)
    loaded = await installation.bank(activation)
    return Side(f"epoch {activation.epoch}", loaded, activation.thresholds, activation.epoch)


async def _candidate(installation: Installation, line: str, given: "LoadedBank | str", active: Side) -> Side:
    """With the rates that are in force."""
    from service.training.thresholds import Rates, thresholds_of

    if isinstance(given, str):
        loaded = await installation.bank(installation.published(line, None, given))
    else:
        loaded = given
    rates = Rates.of(active.thresholds)
    thresholds = thresholds_of(loaded.memory_bank.calibration_scores, rates.alpha, rates.review_alpha)
    return Side(f"version {loaded.version[:12]}", loaded, thresholds)


def _of_file(path: Path, line: str) -> "LoadedBank":
    from service.banks.bank_file import read_bank
    from service.banks.refusal import BankRefused, Refusal
    from workers.cli.failures import Refused

    try:
        loaded = read_bank(path)
        if loaded.manifest.line != line:
            raise BankRefused(Refusal.OTHER_LINE, f"It is {loaded.manifest.line}'s, not {line}'s.")
    except BankRefused as refused:
        raise Refused(f"{path} is refused: {refused.sentence}") from refused
    return loaded


def _version(text: str) -> str:
    from workers.cli.failures import Refused

    if not text or set(text.lower()) - set("0123456789abcdef"):
        raise Refused(
            f"{text!r} is neither a file nor a version: name a file of `train --out`, or hex digits"
        )
    return text


def _facts(found: "BankDiff") -> dict[str, Any]:
    return {
        "parts_added": [part.model_dump(mode="json") for part in found.parts_added],
        "parts_removed": [part.model_dump(mode="json") for part in found.parts_removed],
        "vectors_kept": found.vectors_kept,
        "recipe_changed": list(found.recipe_changed),
    }


def _print(one: Side, other: Side, found: "BankDiff") -> None:
    from rich.table import Table

    from workers.cli import words
    from workers.cli.screen import answers

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("", one.name, other.name):
        table.add_column(name, justify="left" if not name else "right")
    for name, row in _rows(one, other):
        table.add_row(name, *row)
    answers().print(table)
    for what, parts in (("added", found.parts_added), ("removed", found.parts_removed)):
        names = ", ".join(part.name or part.sha256[:12] for part in parts)
        answers().print(
            f"{words.many(len(parts), 'part')} {what}{': ' if names else ''}{names}", markup=False
        )
    answers().print(f"{found.vectors_kept:,} vectors are in both.")


def _rows(one: Side, other: Side) -> list[tuple[str, tuple[str, str]]]:
    from workers.cli import words

    def row(told: Any) -> tuple[str, str]:
        return str(told(one)), str(told(other))

    return [
        ("model", row(lambda side: side.loaded.manifest.model)),
        ("version", row(lambda side: words.version(side.loaded.version))),
        ("parts", row(lambda side: f"{len(side.loaded.manifest.parts):,}")),
        ("vectors", row(lambda side: f"{side.loaded.memory_bank.size:,}")),
        ("selection radius", row(lambda side: words.score(side.loaded.manifest.selection_radius))),
        ("coverage radius", row(lambda side: words.score(side.loaded.manifest.coverage_radius))),
        ("review above", row(lambda side: words.score(side.thresholds.review_score))),
        ("defect above", row(lambda side: words.score(side.thresholds.defect_score))),
    ]
