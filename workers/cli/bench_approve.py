"""``patchline bench approve``: from a person's approval to verdicts by the bank that learned the part."""

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from workers.cli.approving import Taught

EPILOG = "Example: patchline bench approve --approvals 50 --json"
_PIXELS = 256


def approve(
    approvals: Annotated[int, typer.Option(min=1, max=400, help="How many, one after another.")] = 50,
    parts: Annotated[int, typer.Option(min=20, max=400, help="Good cells that the bank knows.")] = 100,
    rate: Annotated[float, typer.Option(min=0.5, help="Frames a second meanwhile.")] = 5.0,
    as_json: AsJson = False,
) -> None:
    """Approve one good part after another while real solar cells are inspected, at 256 pixels a side.

    Broker, cache, page, rebuilder and inspector are real programs on this machine. The time is from the
    request to the page until the first verdict by the new epoch; beside it where it went.
    """
    from workers.cli.screen import answers, print_json

    figures = asyncio.run(_run(approvals, parts, rate))
    if as_json:
        print_json(figures)
        return
    answers().print(
        f"{figures['approvals']} approvals of one part: verdicts by the new epoch after "
        f"{figures['judged_p50']:.2f} s, p95 {figures['judged_p95']:.2f} s, at most "
        f"{figures['judged_max']:.2f} s"
    )


async def _run(approvals: int, parts: int, rate: float) -> dict[str, Any]:
    from workers.cli.approving import LINE, Approving
    from workers.cli.bench_cells import good_cells
    from workers.cli.bench_installation import bench_installation
    from workers.demo.training import teach

    async with bench_installation("Approving") as (installation, broker):
        taught, others = good_cells("mono", parts, approvals)
        await teach(installation.settings, broker, LINE, taught, lambda *_: None, recipe=_recipe())
        approving = Approving(installation, broker, rate)
        found = await approving.run([cell.path.read_bytes() for cell in others], approvals)
    return _figures(found, parts, rate)


def _recipe() -> Any:
    from service.patchcore.recipe import Recipe

    return Recipe(input_pixels=_PIXELS**2)


def _figures(found: "Sequence[Taught]", parts: int, rate: float) -> dict[str, Any]:
    done = [each for each in found if each.refused is None]
    figures: dict[str, Any] = {
        "approvals": len(found),
        "refused": [each.refused for each in found if each.refused is not None],
        "parts": parts,
        "pixels": _PIXELS,
        "rate": rate,
    }
    for name in ("asked", "build", "told", "judged"):
        seconds = sorted(value for each in done if (value := getattr(each, name)) is not None)
        for label, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0)):
            figures[f"{name}_{label}"] = quantile(seconds, share)
    return figures


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest of the values, given in their order, that so large a share of them does not exceed."""
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3)
