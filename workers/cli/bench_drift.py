"""``patchline bench drift``: false alarms and delays of the watch over scores, on real solar cells."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from service.drift.monitor import DriftRules
    from service.drift.simulation import Monitor, Stream
    from service.images.picture import Pixels
    from service.settings import DriftSettings

EPILOG = "Example: patchline bench drift --json"
# Of the martingale: about as many false alarms as the cumulative sum has by default.
CAPITAL = 10_000.0
_FRAMES, _CALM = 10_000, 800


def drift(
    recipe: Annotated[str, typer.Option(metavar="NAME", help="The recipe that scores the cells.")] = "fast",
    taught: Annotated[int, typer.Option(min=20, max=300, help="Good cells that the bank knows.")] = 100,
    passing: Annotated[int, typer.Option(min=20, max=280, help="Other good cells in the stream.")] = 200,
    lines: Annotated[int, typer.Option(min=2, help="Lines that each figure is taken over.")] = 100,
    as_json: AsJson = False,
) -> None:
    """False alarms per 100,000 frames without drift, and the delay until shifts of light, focus and material
    are told: the cumulative sum that inspectors run, and a conformal test martingale beside it."""
    from workers.cli.installation import command_settings

    settings = command_settings()
    pools = _pools(recipe, taught, passing)
    rules = _rules(settings.drift)
    figures = {
        "recipe": recipe,
        "taught": taught,
        "passing": passing,
        "lines": lines,
        "reference": rules.reference,
        "allowance": rules.allowance,
        "limit": rules.limit,
        "martingale_capital": CAPITAL,
        **_measured(pools, rules, lines),
    }
    _tell(figures, as_json=as_json)


def _rules(settings: "DriftSettings") -> "DriftRules":
    from service.drift.monitor import DriftRules

    return DriftRules(settings.reference_frames, settings.allowance, settings.limit)


def _measured(pools: Mapping[str, Sequence[float]], rules: "DriftRules", lines: int) -> dict[str, Any]:
    from service.drift.simulation import delay, false_alarms

    monitors, calm = _monitors(rules), _drawn_from(pools["none"])
    quiet = {"cells": calm, "lognormal": lambda drawn: math.exp(drawn.gauss(0, 0.3))}
    alarms = {
        name: {
            kind: false_alarms(monitor, stream, lines=lines, frames=_FRAMES)
            for kind, monitor in monitors.items()
        }
        for name, stream in quiet.items()
    }
    shifts = []
    for name, scores in pools.items():
        delays = {
            kind: delay(monitor, calm, _drawn_from(scores), lines=lines, calm=_CALM)
            for kind, monitor in monitors.items()
        }
        told = {kind: {"median": d.median, "late": d.late, "missed": d.missed} for kind, d in delays.items()}
        if name != "none":
            shifts.append({"shift": name, "spreads": _moved(pools["none"], scores), **told})
    return {
        "false_alarms_per_100000": alarms,
        "shifts": shifts,
        "microseconds_a_frame": _cost(rules, pools["none"]),
    }


def _monitors(rules: "DriftRules") -> "dict[str, Callable[[], Monitor]]":
    from service.drift.martingale import MartingaleMonitor
    from service.drift.monitor import LineMonitor

    def cusum() -> "Monitor":
        monitor = LineMonitor(rules)
        return lambda score: monitor.add(score) is not None

    return {"cusum": cusum, "martingale": lambda: MartingaleMonitor(rules.reference, CAPITAL).add}


def _drawn_from(scores: Sequence[float]) -> "Stream":
    return lambda drawn: drawn.choice(scores)


def _moved(before: Sequence[float], after: Sequence[float]) -> float:
    """The median's movement in spreads, a spread being half of what holds the middle 68 % of the scores."""
    from statistics import median

    ordered = sorted(before)
    spread = (ordered[int(0.84 * len(ordered))] - ordered[int(0.16 * len(ordered))]) / 2
    return round((median(after) - median(before)) / spread, 2)


def _cost(rules: "DriftRules", scores: Sequence[float]) -> float:
    from service.drift.monitor import LineMonitor

    monitor, drawn = LineMonitor(rules), Random(0)  # noqa: S311 - a simulation, not a secret
    stream = [drawn.choice(scores) for _ in range(20_000)]
    began = time.process_time()
    for score in stream:
        monitor.add(score)
        monitor.movement(1.0)
    return round((time.process_time() - began) / len(stream) * 1e6, 2)


def _pools(recipe: str, taught: int, passing: int) -> dict[str, list[float]]:
    """Scores of good cells under a bank of other good cells: as they are, and under each shift."""
    from service.patchcore.recipes import recipe_named
    from workers.cli.bench_cells import CellLine, good_cells
    from workers.cli.progress import spinner

    known, passed = good_cells("mono", taught, passing)
    with spinner("Teaching the bank"):
        line = CellLine(known, recipe_named(recipe))
    pools: dict[str, list[float]] = {}
    for name, change in _shifts().items():
        with spinner(f"Scoring {len(passed)} cells: {name}"):
            pools[name] = line.scores(passed, change)
    with spinner("Scoring cells of another material"):
        pools["material: polycrystalline"] = line.scores(good_cells("poly", 0, passing)[1])
    return pools


def _shifts() -> "dict[str, Callable[[Pixels], Pixels]]":
    import cv2
    import numpy as np

    def light(gain: float) -> "Callable[[Pixels], Pixels]":
        return lambda pixels: np.clip(pixels * gain + 0.5, 0, 255).astype(np.uint8)

    def focus(sigma: float) -> "Callable[[Pixels], Pixels]":
        return lambda pixels: np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8)

    def noise(sigma: float) -> "Callable[[Pixels], Pixels]":
        def noisy(pixels: "Pixels") -> "Pixels":
            grain = np.random.default_rng(int(pixels.sum())).normal(0, sigma, pixels.shape)
            return np.clip(pixels + grain + 0.5, 0, 255).astype(np.uint8)

        return noisy

    return {
        "none": lambda pixels: pixels,
        "light x1.1": light(1.1),
        "light x1.2": light(1.2),
        "light x0.8": light(0.8),
        "focus: blur of 1 px": focus(1.0),
        "focus: blur of 2 px": focus(2.0),
        "sensor: noise of 3 grey levels": noise(3.0),
    }


def _tell(figures: dict[str, Any], *, as_json: bool) -> None:
    from workers.cli.screen import answers, print_json

    if as_json:
        print_json(figures)
        return
    for stream, alarms in figures["false_alarms_per_100000"].items():
        answers().print(
            f"no drift ({stream}): {alarms['cusum']:g} false alarms per 100,000 frames, "
            f"martingale {alarms['martingale']:g}"
        )
    for shift in figures["shifts"]:
        cusum, martingale = shift["cusum"], shift["martingale"]
        answers().print(
            f"{shift['shift']}: median moved by {shift['spreads']:g} spreads, told after {cusum['median']:g} "
            f"frames (95 %: {cusum['late']:g}), martingale {martingale['median']:g} ({martingale['late']:g})"
        )
