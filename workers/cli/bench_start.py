"""``patchline bench start``: how long one waits for the command line, for one verdict, for an inspector."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from service.training.built import BuiltBank
    from workers.demo.installation import Installation

EPILOG = "Example: patchline bench start --json"
_TAUGHT = 30
_READY_SECONDS = 120.0


def start(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Of each command; the median is told.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Start `patchline --help`, `patchline inspect` on one real solar cell, and an inspector of one line,
    each as a process of its own; the first start of a command is not counted.

    The broker is an embedded one.
    """
    from workers.cli.screen import answers, print_json

    figures = asyncio.run(_run(rounds))
    if as_json:
        print_json(figures)
        return
    answers().print(
        f"--help {figures['help_seconds']} s, inspect {figures['inspect_seconds']} s, inspector ready after "
        f"{figures['inspector_ready_seconds']} s"
    )


async def _run(rounds: int) -> dict[str, Any]:
    from workers.cli.bench_installation import bench_installation, put_in_force

    async with bench_installation("Starting") as (installation, broker):
        built, picture = await asyncio.to_thread(_learn)
        bank = installation.folder / "start.bank"
        bank.write_bytes(built.data)
        await put_in_force(installation, broker, [built])
        inspect = ("inspect", str(bank), str(picture), "--json")
        return {
            "help_seconds": await asyncio.to_thread(_median_seconds, ("--help",), rounds),
            "inspect_seconds": await asyncio.to_thread(_median_seconds, inspect, rounds),
            "inspector_ready_seconds": await _ready_seconds(installation),
            "rounds": rounds,
            "recipe": built.manifest.recipe.name,
        }


def _learn() -> "tuple[BuiltBank, Path]":
    """A bank of cells, and one that it has not seen."""
    from service.patchcore.recipes import recipe_named
    from workers.cli.bench_cells import CellLine, good_cells

    taught, others = good_cells("mono", _TAUGHT, 1)
    return CellLine(taught, recipe_named("balanced")).built, others[0].path


def _median_seconds(arguments: Sequence[str], rounds: int) -> float:
    import subprocess
    import sys

    found = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "workers", *arguments], capture_output=True, check=True)
        found.append(time.perf_counter() - began)
    return round(statistics.median(found[1:]), 3)


async def _ready_seconds(installation: "Installation") -> float:
    """From the command to `/readyz`."""
    from service.embedded.server import free_port
    from workers.cli.bench_installation import answering

    telemetry = installation.settings.telemetry.model_copy(update={"port": free_port()})
    installation.settings = installation.settings.model_copy(update={"telemetry": telemetry})
    began = time.perf_counter()
    installation.start_programs(("inspector",))
    await answering(f"http://{telemetry.host}:{telemetry.port}/readyz", _READY_SECONDS, 0.02)
    return round(time.perf_counter() - began, 2)
