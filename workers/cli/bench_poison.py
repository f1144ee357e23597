"""``patchline bench poison``: defects approved as good by one person, and which gates stop them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from workers.cli.poisoning import Approval, Limits

EPILOG = "Example: patchline bench poison --json"
_MULTIPLES = tuple(round(0.6 + 0.05 * step, 2) for step in range(39))
_LOSSES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
_USUAL = (0.05, 0.1, 0.15, 0.2, 0.3, 1.0)


def poison(
    recipe: Annotated[str, typer.Option(metavar="NAME", help="The recipe that scores cells.")] = "balanced",
    taught: Annotated[int, typer.Option(min=20, max=400, help="Good cells that the bank knows.")] = 200,
    canaries: Annotated[int, typer.Option(min=0, max=100, help="Other defects that are canaries.")] = 30,
    most: Annotated[
        int, typer.Option(min=1, help="Approvals of defects, and of good cells, at most.")
    ] = 1000,
    figure: Annotated[Path | None, typer.Option(metavar="SVG", help="Draw the curves into a file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Each defective cell in turn approved as good by one person: the share that a gate stops, beside the
    share of unseen good cells, flagged or not, that pass without a second person."""
    from service.training.gates import GateLimits
    from workers.cli.installation import command_settings
    from workers.cli.poison_figure import draw_curves
    from workers.cli.poisoning import Poisoning

    rebuilder = command_settings().rebuilder
    multiple, loss = rebuilder.suspicious_multiple, rebuilder.canary_part_cost
    usual, usual_loss = rebuilder.usual_p, rebuilder.canary_usual_cost
    bench = Poisoning.prepared(recipe, taught, most)
    bad, good = bench.approvals(
        canaries, GateLimits(rebuilder.canary_margin_loss, multiple, loss, usual_loss, usual)
    )
    flagged = [each for each in good if each.multiple > 1]
    figures = {
        "recipe": recipe,
        "taught": taught,
        "canaries": canaries,
        "defects": len(bad),
        "good": len(good),
        "suspicious_multiple": multiple,
        "canary_part_cost": loss,
        "canary_usual_cost": usual_loss,
        "usual_p": usual,
        **_shares(bad, good, (multiple, loss, usual, usual_loss)),
        "flagged_good": len(flagged),
        "flagged_good_passed": sum(not each.stopped(multiple, loss, usual, usual_loss) for each in flagged),
        "stopped_by_gate": _by_gate(bad),
        "good_stopped_by_gate": _by_gate(good),
        "curve": [
            {
                "multiple": at,
                "loss": most,
                "usual": share,
                **_shares(bad, good, (at, most, share, usual_loss)),
            }
            for share in _USUAL
            for most in _LOSSES
            for at in _MULTIPLES
        ],
    }
    if figure is not None:
        figure.write_text(draw_curves(bad, good, (multiple, loss, usual, usual_loss)))
    _tell(figures, as_json=as_json)


def _shares(bad: "Sequence[Approval]", good: "Sequence[Approval]", limits: "Limits") -> dict[str, float]:
    return {
        "stopped": round(sum(each.stopped(*limits) for each in bad) / len(bad), 4),
        "passed": round(sum(not each.stopped(*limits) for each in good) / len(good), 4),
    }


def _by_gate(approvals: "Sequence[Approval]") -> dict[str, float]:
    """The share that each gate objects to; several may object to one."""
    counts = Counter(gate for each in approvals for gate in each.gates)
    return {gate: round(count / len(approvals), 4) for gate, count in counts.most_common()}


def _tell(figures: dict[str, Any], *, as_json: bool) -> None:
    from workers.cli.screen import answers, print_json

    if as_json:
        print_json(figures)
        return
    answers().print(
        f"{figures['stopped']:.1%} of {figures['defects']} defects stopped, {figures['passed']:.1%} of "
        f"{figures['good']} good cells passed without a second person"
    )
    for gate, share in figures["stopped_by_gate"].items():
        answers().print(
            f"{gate}: {share:.1%} of the defects, of good {figures['good_stopped_by_gate'].get(gate, 0):.1%}"
        )
