"""``patchline bench fit``: seconds and memory of `patchline train`, from a folder to a bank."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson
from workers.cli.recipe_options import RecipeChoice, RecipeSettings

if TYPE_CHECKING:
    from service.patchcore import Recipe

EPILOG = "Example: patchline bench fit --parts 250 --side 768 --json"
_CELL = 300


def fit(
    parts: Annotated[int, typer.Option(min=5, help="Pictures to learn from.")] = 250,
    side: Annotated[int, typer.Option(min=64, max=4096, help="Of each picture, in pixels.")] = 768,
    recipe: Annotated[str, typer.Option(metavar="NAME", help="A named recipe.")] = "balanced",
    option: RecipeSettings = None,
    as_json: AsJson = False,
) -> None:
    """Train on pictures that are put together from real solar cells, by `patchline train` in a process of its
    own: seconds from the folder to the bank file, and the process's memory at its peak."""
    from tempfile import TemporaryDirectory

    from workers.cli.screen import answers, print_json

    wanted = RecipeChoice.of(recipe, option, None).recipe()
    with TemporaryDirectory(prefix="patchline-bench-") as folder:
        good = Path(folder, "good")
        draw_mosaics(good, parts, side)
        figures = _trained(good, Path(folder, "line.bank"), recipe, option or [])
    figures |= _told(wanted, parts, side)
    if as_json:
        print_json(figures)
    else:
        answers().print(
            f"{parts} pictures of {side} px, {figures['patches']:,} patches: {figures['seconds']} s, "
            f"{figures['peak_rss_mb']} MB at the peak, {figures['vectors']:,} vectors"
        )


def draw_mosaics(folder: Path, count: int, side: int) -> None:
    """So many pictures of good cells side by side, no two alike, the same every time."""
    import cv2
    import numpy as np

    from workers.cli.bench_cells import cells
    from workers.demo.cells import GOOD

    folder.mkdir()
    loaded = [cv2.imread(str(cell.path), cv2.IMREAD_GRAYSCALE) for cell in cells("mono", GOOD)]
    tiles = [tile for tile in loaded if tile is not None]
    dice, across = np.random.default_rng(0), -(-side // _CELL)
    for number in range(count):
        chosen = dice.integers(len(tiles), size=(across, across))
        rows = [np.hstack([tiles[one] for one in row]) for row in chosen]
        cv2.imwrite(str(folder / f"part-{number:05}.png"), np.vstack(rows)[:side, :side])


def _trained(good: Path, bank: Path, recipe: str, options: list[str]) -> dict[str, Any]:
    import json
    import resource
    import sys
    import time

    from workers.cli.failures import Refused

    chosen = [word for one in options for word in ("--set", one)]
    command = ["train", "bench", "--good", str(good), "--out", str(bank), "--recipe", recipe, *chosen]
    began = time.perf_counter()
    child = subprocess.run(
        [sys.executable, "-m", "workers", *command, "--json"], stdout=subprocess.PIPE, check=False
    )
    seconds = time.perf_counter() - began
    if child.returncode != 0:
        raise Refused("`patchline train` failed, as it says above: mend that first")
    told = json.loads(child.stdout)
    return {
        "seconds": round(seconds, 1),
        # Of the largest of our children: this is the only one.
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "vectors": told["vectors"],
        "size_bytes": told["size_bytes"],
    }


def _told(recipe: "Recipe", parts: int, side: int) -> dict[str, Any]:
    from service.patchcore.recipe import input_size

    height, width = input_size(recipe, side, side)
    patches = parts * (height // recipe.grid_stride) * (width // recipe.grid_stride)
    return {"parts": parts, "side": side, "input": [height, width], "patches": patches, "recipe": recipe.name}
