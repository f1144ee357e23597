"""``patchline evaluate``: a recipe measured on pictures whose truth is known."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.evaluated import extra_sentences
from workers.cli.options import AsJson
from workers.cli.recipe_options import BudgetMs, RecipeChoice, RecipeName, RecipeSettings, recipe_within
from workers.cli.reporting import check_report, evaluation_report, witness_of, write_report

if TYPE_CHECKING:
    from rich.table import Table

    from service.backbones.base import Backbone
    from service.evaluation.categories import Category
    from service.evaluation.result import CategoryResult, Evaluation
    from service.evaluation.wanted import Wanted
    from service.images.picture import PictureForm
    from service.patchcore import Recipe
    from service.report.evidence import Evidence

_FIGURES = {
    "image_auroc": "AUROC",
    "average_precision": "AP",
    "pixel_auroc": "pixel AUROC",
    "aupro": "AUPRO",
    "false_alarm_rate": "false alarms",
    "recall": "recall",
}

_STEPS = {
    "extract": "looking at the parts",
    "select": "choosing vectors",
    "score": "judging",
    "split": "splits",
    "contaminate": "draws",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline evaluate mvtec/bottle --max-train 50 --seeds 3")(evaluate)


def evaluate(
    root: Annotated[
        Path,
        typer.Argument(
            metavar="ROOT", help="A category with train/good and test in it, or a folder of them."
        ),
    ],
    recipe: RecipeName = None,
    option: RecipeSettings = None,
    budget_ms: BudgetMs = None,
    max_train: Annotated[
        int | None, typer.Option(metavar="N", min=5, help="Take at most N good parts, drawn by the seed.")
    ] = None,
    seeds: Annotated[int, typer.Option(metavar="K", min=1, max=100, help="Measure K draws.")] = 1,
    curve: Annotated[
        str, typer.Option(metavar="N,N,...", help="Also with so many good parts, such as 5,10,20,50,100.")
    ] = "",
    false_alarms: Annotated[
        int, typer.Option(metavar="SPLITS", min=0, help="Also false alarms over SPLITS splits of good parts.")
    ] = 0,
    contaminate: Annotated[
        float, typer.Option(metavar="SHARE", help="Also with this share of defects among the good parts.")
    ] = 0.0,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Also write it as one HTML file, with pictures.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how well good parts alone tell defects, and at what cost.

    Folders as in MVTec AD: train/good, test/good, test/DEFECT, ground_truth/DEFECT/STEM_mask.png (masks may
    be missing). What cannot be measured, for want of a class or of masks, is null.
    """
    from service.evaluation.categories import find_categories
    from service.evaluation.wanted import Wanted
    from workers.cli.device import ready_backbone
    from workers.cli.installation import command_settings
    from workers.cli.screen import answers, note, print_json

    evidence: dict[str, Evidence] = {}
    if report is not None:
        check_report(report)
    wanted = Wanted(max_train, seeds, _counts(curve), false_alarms, contaminate)
    choice = RecipeChoice.of(recipe, option, budget_ms)
    asked = choice.recipe()
    settings = command_settings()
    categories = find_categories(root)
    chosen = recipe_within(choice, asked, settings, _forms(categories, max_train) if budget_ms else [])
    backbone = ready_backbone(settings, chosen)
    results = [
        _measure(category, chosen, backbone, wanted, None if report is None else evidence)
        for category in categories
    ]
    evaluation = _evaluation(results, chosen, backbone)
    if report is not None:
        write_report(report, partial(evaluation_report, evaluation, evidence))
    if as_json:
        print_json(evaluation.model_dump(mode="json"))
        return
    answers().print(_table(evaluation))
    for sentence in extra_sentences(evaluation.categories):
        answers().print(sentence)
    note(_summary(evaluation))


def _forms(categories: "list[Category]", max_train: int | None) -> "list[PictureForm]":
    """Of the category with the largest pictures: its frames cost most, and one recipe serves all."""
    parts = [category.parts()[:max_train] for category in categories]
    return max(
        ([part.form for part in each] for each in parts),
        key=lambda forms: sum(form.width * form.height for form in forms) / len(forms),
    )


def _counts(curve: str) -> tuple[int, ...]:
    if not curve:
        return ()
    try:
        return tuple(int(count) for count in curve.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"--curve {curve!r} is no list of numbers: write 5,10,20,50,100") from error


def _measure(
    category: "Category",
    recipe: "Recipe",
    backbone: "Backbone",
    wanted: "Wanted",
    evidence: "dict[str, Evidence] | None",
) -> "CategoryResult":
    from service.evaluation.measure import unwitnessed
    from service.evaluation.wanted import measure
    from workers.cli.progress import Tell, progress_bars
    from workers.cli.screen import note

    def step(tell: Tell, what: str, step: str, done: int, expected: int) -> None:
        tell(f"{category.name}, {what}: {_STEPS[step]}", done, expected)

    with progress_bars({}) as tell:
        witness = unwitnessed if evidence is None else witness_of(evidence)
        result = measure(category, recipe, backbone, wanted, lambda what: partial(step, tell, what), witness)
    note(f"{result.name}: AUROC {_cell(result, 'image_auroc')}, {result.score_ms_per_image:.0f} ms a picture")
    return result


def _evaluation(results: "list[CategoryResult]", recipe: "Recipe", backbone: "Backbone") -> "Evaluation":
    from service.evaluation.result import Evaluation, means
    from workers.cli.app import installed_version

    return Evaluation(
        categories=tuple(results),
        mean=means(results),
        recipe=recipe,
        backbone=backbone.name,
        weights_sha256=backbone.weights_sha256,
        version=installed_version(),
    )


def _table(evaluation: "Evaluation") -> "Table":
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("category", overflow="fold")
    for name in ("good", "tested", *_FIGURES.values(), "input", "vectors", "fit s", "ms", "peak MB"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in evaluation.categories:
        table.add_row(*_row(result))
    if len(evaluation.categories) > 1:
        means = [_number(evaluation.mean[name]) for name in _FIGURES]
        table.add_row("mean", "", "", *means, style="bold")
    return table


def _row(result: "CategoryResult") -> tuple[str, ...]:
    height, width = result.input_size
    return (
        result.name,
        str(result.train_images),
        f"{result.test_good}+{result.test_defect}",
        *(_cell(result, name) for name in _FIGURES),
        f"{width}×{height}",
        f"{result.bank_vectors:.0f}",
        f"{result.fit_seconds:.1f}",
        f"{result.score_ms_per_image:.1f}",
        f"{result.peak_memory_mb:.0f}",
    )


def _cell(result: "CategoryResult", figure: str) -> str:
    spread = result.spread[figure]
    return _number(getattr(result, figure)) + ("" if spread is None else f" ±{spread:.3f}")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _summary(evaluation: "Evaluation") -> str:
    """What the table has no room for."""
    rates = (
        f"{result.name}: false alarms {_range(result.false_alarm_interval)}, "
        f"recall {_range(result.recall_interval)}"
        for result in evaluation.categories
    )
    return f"95 % intervals of the rates at the automatic threshold. {'; '.join(rates)}. – is not defined."


def _range(interval: tuple[float, float] | None) -> str:
    return "–" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
