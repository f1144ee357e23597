"""``patchline bench swap``: whether a swap under load loses, doubles or mixes a frame, and what it costs."""

import asyncio
import statistics
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from workers.cli.swapping import Swapping

EPILOG = "Example: patchline bench swap --swaps 1000 --json"
_PARTS = 60
_PICTURES = 50
# Memory moves with every batch: what it is after so many swaps is a median around there.
_AROUND = 10


def swap(
    swaps: Annotated[int, typer.Option(min=2, help="How many swaps.")] = 1000,
    rate: Annotated[float, typer.Option(min=0.5, help="Frames a second.")] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Put two banks in force in turn while real solar cells are inspected on the embedded broker.

    Each swap waits for the first verdict by its bank; frames then go on for as long without any. Memory is
    that of the inspector and its extraction worker, after the first and after the last hundred swaps.
    """
    from workers.cli.screen import answers, print_json

    figures = asyncio.run(_run(swaps, rate))
    if as_json:
        print_json(figures)
    else:
        answers().print(", ".join(f"{name} {value}" for name, value in figures.items()))


async def _run(swaps: int, rate: float) -> dict[str, Any]:
    from service.training.build import unwatched
    from workers.cli.bench_cells import good_cells
    from workers.cli.bench_installation import bench_installation
    from workers.cli.swapping import LINE, Swapping
    from workers.demo.training import learn

    async with bench_installation("Swapping") as (installation, broker):
        taught, cells = good_cells("mono", 2 * _PARTS, _PICTURES)
        engine = installation.settings.engine
        halves = taught[:_PARTS], taught[_PARTS:]
        built = [(await asyncio.to_thread(learn, LINE, half, engine, unwatched))[0] for half in halves]
        swapping = Swapping(installation, broker, rate)
        seconds = await swapping.run((built[0], built[1]), cells, swaps)
    return _figures(swapping, swaps, seconds)


def _figures(swapping: "Swapping", swaps: int, seconds: float) -> dict[str, Any]:
    seen, some = swapping.seen, min(100, swaps // 2)
    first = swapping.rss_mb[max(0, some - _AROUND) : some]
    return {
        "swaps": swaps,
        "frames": len(swapping.sent),
        "seconds": round(seconds, 1),
        "lost": sum(name not in seen.counts for name in swapping.sent),
        "doubled": sum(count > 1 for count in seen.counts.values()),
        "mixed": seen.mixed,
        "p99_with_ms": _p99(swapping, swapping.swapping),
        "p99_without_ms": _p99(swapping, swapping.quiet),
        "rss_first_mb": round(statistics.median(first), 1),
        "rss_last_mb": round(statistics.median(swapping.rss_mb[-_AROUND:]), 1),
    }


def _p99(swapping: "Swapping", names: list[str]) -> float:
    found = sorted(swapping.seen.latencies_ms[name] for name in names if name in swapping.seen.latencies_ms)
    return round(found[min(len(found) - 1, int(0.99 * len(found)))], 1) if found else 0.0
