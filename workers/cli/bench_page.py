"""``patchline bench page``: lists over a full view, and what many browsers on the live stream cost."""

import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from workers.cli.options import AsJson

EPILOG = "Example: patchline bench page --verdicts 1000000 --browsers 100 --json"


def page(
    verdicts: Annotated[int, typer.Option(min=1000, help="How many verdicts the view holds.")] = 1_000_000,
    repeats: Annotated[int, typer.Option(min=5, help="How often each list is asked for.")] = 20,
    browsers: Annotated[int, typer.Option(min=1, help="How many read the live stream.")] = 100,
    rate: Annotated[float, typer.Option(min=1, help="Verdicts a second.")] = 50.0,
    seconds: Annotated[float, typer.Option(min=1, help="How long they read.")] = 20.0,
    as_json: AsJson = False,
) -> None:
    """Measure the page's lists and filters over a view of its own, then its process under many browsers.

    Lists: milliseconds of the 95th percentile, of each list and of the slowest. Browsers: cores and
    megabytes of the page's process, whose broker and store are in memory.
    """
    from workers.cli.screen import answers, print_json

    figures = asyncio.run(_run(verdicts, repeats, browsers, rate, seconds))
    if as_json:
        print_json(figures)
    else:
        for name, value in figures.items():
            answers().print(f"{name}: {value}")


async def _run(verdicts: int, repeats: int, browsers: int, rate: float, seconds: float) -> dict[str, Any]:
    from workers.cli.page_lists import measured
    from workers.cli.page_watchers import watched
    from workers.cli.progress import spinner

    with tempfile.TemporaryDirectory(prefix="patchline-page-") as scratch, spinner("Filling a view"):
        taken = await measured(Path(scratch), verdicts, repeats)
    with tempfile.TemporaryDirectory(prefix="patchline-page-") as scratch, spinner("Watching"):
        cost = await watched(Path(scratch), browsers, rate, seconds)
    lists = {name: round(_p95(times) * 1000, 1) for name, times in taken.items()}
    return {"verdicts": verdicts, "lists_p95_ms": lists, "slowest_p95_ms": max(lists.values()), "live": cost}


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
