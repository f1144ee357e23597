"""``patchline bench``: what this machine takes for the parts that cost most, each as one JSON object."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli import (
    bench_approve,
    bench_drift,
    bench_extract,
    bench_fit,
    bench_grow,
    bench_lines,
    bench_page,
    bench_poison,
    bench_search,
    bench_start,
    bench_stream,
    bench_swap,
)
from workers.cli.options import AsJson
from workers.cli.screen import answers, print_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_EPILOG = "Example: patchline bench coreset --vectors 117600 --dim 128 --keep 11760 --json"


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Measure this machine.")
    # A group of one command would otherwise become the command itself.
    group.callback()(lambda: None)
    group.command(epilog=_EPILOG)(coreset)
    group.command(epilog=bench_fit.EPILOG)(bench_fit.fit)
    group.command(epilog=bench_search.EPILOG)(bench_search.search)
    group.command(epilog=bench_extract.EPILOG)(bench_extract.extract)
    group.command(epilog=bench_start.EPILOG)(bench_start.start)
    group.command(epilog=bench_stream.EPILOG)(bench_stream.stream)
    group.command(epilog=bench_drift.EPILOG)(bench_drift.drift)
    group.command(epilog=bench_poison.EPILOG)(bench_poison.poison)
    group.command(epilog=bench_grow.EPILOG)(bench_grow.grow)
    group.command(epilog=bench_approve.EPILOG)(bench_approve.approve)
    group.command(epilog=bench_swap.EPILOG)(bench_swap.swap)
    group.command(epilog=bench_page.EPILOG)(bench_page.page)
    group.command(epilog=bench_lines.EPILOG)(bench_lines.lines)
    app.add_typer(group, name="bench", epilog=_EPILOG)


def coreset(
    vectors: Annotated[int, typer.Option(min=1, help="How many random vectors.")] = 117_600,
    dim: Annotated[int, typer.Option(min=1, help="Their dimensions.")] = 128,
    keep: Annotated[int, typer.Option(min=1, help="How many to select.")] = 11_760,
    given: Annotated[
        Path | None, typer.Option("--input", help="A .npy file of your own features (N, D) instead.")
    ] = None,
    projection: Annotated[str, typer.Option(help="none, or the dimensions to project onto.")] = "none",
    output: Annotated[Path | None, typer.Option(help="Write the selection's order as .npy.")] = None,
    as_json: AsJson = False,
) -> None:
    """Select by exact greedy k-centre: seconds, and the radius left in the features' own space."""
    import numpy as np

    features = _features(given, vectors, dim)
    figures, order = _select(features, min(keep, len(features)), projection)
    if output is not None:
        np.save(output, order)
    if as_json:
        print_json(figures)
    else:
        answers().print(", ".join(f"{name} {value}" for name, value in figures.items()))


def _features(given: Path | None, vectors: int, dim: int) -> "NDArray[np.float32]":
    import numpy as np

    if given is None:
        return np.random.default_rng(0).standard_normal((vectors, dim), dtype=np.float32)
    loaded = np.load(given, allow_pickle=False)
    if loaded.ndim != 2:
        raise typer.BadParameter(f"{given} has shape {loaded.shape}: give one row a vector")
    return np.ascontiguousarray(loaded, dtype=np.float32)


def _select(
    features: "NDArray[np.float32]", keep: int, projection: str
) -> "tuple[dict[str, Any], NDArray[np.int64]]":
    import resource
    import time
    from functools import partial

    from service.patchcore.coreset import greedy_coreset
    from service.patchcore.coverage import coverage_radius
    from service.patchcore.projection import project
    from workers.cli.progress import progress_bars

    began = time.perf_counter()
    points = features if projection == "none" else project(features, _dimensions(projection), 0)
    with progress_bars({"select": "Selecting"}) as tell:
        selection = greedy_coreset(points, keep=keep, progress=partial(tell, "select"))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {
        "vectors": len(features),
        "dim": features.shape[1],
        "keep": keep,
        "seconds": round(seconds, 3),
        "radius": coverage_radius(features, features[selection.indices]),
        "peak_rss_mb": round(peak, 1),
    }
    return figures, selection.indices


def _dimensions(projection: str) -> int:
    if not projection.isdecimal() or int(projection) < 1:
        raise typer.BadParameter(f"projection {projection!r} is neither none nor a number such as 128")
    return int(projection)
