"""``patchline bench grow``: what growth costs and loses beside a full rebuild."""

import statistics
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from workers.cli.growing import Round

EPILOG = "Example: patchline bench grow --json"
_DIGITS = 4


def grow(
    recipe: Annotated[str, typer.Option(metavar="NAME", help="A named recipe.")] = "balanced",
    parts: Annotated[int, typer.Option(min=10, max=300, help="Good cells that the bank knows.")] = 200,
    added: Annotated[int, typer.Option(min=1, max=50, help="Cells that it learns at once.")] = 20,
    seeds: Annotated[int, typer.Option(min=1, max=20, help="Splits, each with one growth.")] = 5,
    rounds: Annotated[int, typer.Option(min=1, max=10, help="Growths one after another, on one split.")] = 10,
    judged: Annotated[int, typer.Option(min=2, max=300, help="Cells of each kind to judge.")] = 150,
    figure: Annotated[Path | None, typer.Option(metavar="SVG", help="Draw the rounds into a file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Teach a bank of real solar cells more of them: by growth, and by selecting again from all parts.

    Features are extracted before, for both ways know them. Times are medians over the seeds, and image AUROCs
    their means; one split goes on for further rounds, each beside a rebuild.
    """
    from workers.cli.growing import Growing, middle
    from workers.cli.growth_figure import draw_rounds
    from workers.cli.progress import spinner
    from workers.cli.screen import answers, print_json

    with spinner("Looking at the cells"):
        growing = Growing(recipe, parts)
    with spinner("Growing and building anew"):
        # Taught so far as the rounds reach, so that every bank judges cells that none was taught.
        splits = [growing.drawn(seed, parts + rounds * added, judged) for seed in range(seeds)]
        first = [growing.rounds(drawn, parts, added, 1)[0] for drawn in splits]
        series = growing.rounds(splits[0], parts, added, rounds)
    grow_seconds = middle(first, lambda each: each.grow_seconds)
    rebuild_seconds = middle(first, lambda each: each.rebuild_seconds)
    figures = {
        "recipe": recipe,
        "parts": parts,
        "added": added,
        "grow_seconds": round(grow_seconds, _DIGITS),
        "rebuild_seconds": round(rebuild_seconds, _DIGITS),
        "speedup": round(rebuild_seconds / grow_seconds, 1),
        "image_auroc_grown": _mean([each.image_auroc_grown for each in first]),
        "image_auroc_rebuilt": _mean([each.image_auroc_rebuilt for each in first]),
        "seeds": [_facts(each) for each in first],
        "rounds": [_facts(each) for each in series],
    }
    if figure is not None:
        figure.write_text(draw_rounds(series))
    if as_json:
        print_json(figures)
        return
    answers().print(
        f"{added} parts more in {grow_seconds:.3f} s, {figures['speedup']} times faster than a rebuild; "
        f"image AUROC {figures['image_auroc_grown']}, rebuilt {figures['image_auroc_rebuilt']}"
    )


def _mean(numbers: list[float]) -> float:
    return round(statistics.fmean(numbers), _DIGITS)


def _facts(each: "Round") -> dict[str, float]:
    return {name: round(value, _DIGITS) for name, value in asdict(each).items()}
