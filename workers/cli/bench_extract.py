"""``patchline bench extract``: from bytes to patch features, beside the network alone."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from service.backbones.runtime import Runtime
    from service.patchcore import Recipe
    from service.settings import EngineSettings

EPILOG = "Example: patchline bench extract --recipe plain --json"


def extract(
    recipe: Annotated[str, typer.Option(metavar="NAME", help="A named recipe.")] = "balanced",
    batch: Annotated[int, typer.Option(min=1, max=64, help="Pictures at once.")] = 8,
    rounds: Annotated[int, typer.Option(min=1, max=200, help="Runs of 12 batches, of 60 on a GPU.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Real solar cells decoded and resized ahead as in a worker, through the network and embedded, in turn
    with the network alone on a batch that is ready: the engine of the settings, and every other that can
    compute the recipe here."""
    from service.backbones.runtime import Runtime
    from service.patchcore.recipes import recipe_named
    from workers.cli.installation import command_settings
    from workers.cli.screen import answers, print_json

    settings, named = command_settings(), recipe_named(recipe)
    chosen = _timed(named, settings.engine, settings.engine.runtime, batch, rounds)
    others = [
        _timed(named, settings.engine, runtime, batch, rounds)
        for runtime in (Runtime.TORCH, Runtime.OPENVINO)
        if runtime.value != chosen["engine"] and settings.engine.device == "cpu" and _offered(runtime)
    ]
    figures = {"recipe": recipe, **chosen, "others": others}
    if as_json:
        print_json(figures)
        return
    for found in (chosen, *others):
        answers().print(
            f"{found['engine']}: {found['ms_per_image']} ms a picture in batches of {batch}, "
            f"{found['share_of_backbone_rate']:.0%} of the network's own rate"
        )


def _offered(runtime: "Runtime") -> bool:
    from importlib.util import find_spec

    return runtime.value == "torch" or find_spec("openvino") is not None


def _timed(
    recipe: "Recipe", engine: "EngineSettings", runtime: "Runtime", batch: int, rounds: int
) -> dict[str, Any]:
    from service.backbones.runtime import Runtime
    from service.images.contract import InputContract
    from service.images.decode import decode
    from service.inspection.extractor import PatchExtractor
    from workers.cli.bench_cells import cells
    from workers.cli.device import ready_backbone
    from workers.cli.extracting import Extracting
    from workers.cli.installation import command_settings
    from workers.demo.cells import GOOD

    if runtime is Runtime.AUTO:
        runtime = Runtime.OPENVINO if engine.device == "cpu" and _offered(Runtime.OPENVINO) else Runtime.TORCH
    changed = engine.alone().model_copy(update={"runtime": runtime})
    settings = command_settings().model_copy(update={"engine": changed})
    backbone = ready_backbone(settings, recipe)
    data = [cell.path.read_bytes() for cell in cells("mono", GOOD)[:batch]]
    contract = InputContract.learn([decode(each).form() for each in data], recipe)
    extracting = Extracting(PatchExtractor(backbone, recipe, contract), data, changed)
    whole_ms, network_ms = extracting.in_turn(rounds)
    return {
        # Several networks in one have no runtime of their own.
        "engine": str(getattr(backbone, "runtime", runtime)),
        "precision": backbone.precision,
        "batch": batch,
        "input": list(extracting.extractor.input_size),
        "decode_threads": changed.decoders,
        "ms_per_image": round(whole_ms / batch, 2),
        "backbone_ms_per_image": round(network_ms / batch, 2),
        "share_of_backbone_rate": round(network_ms / whole_ms, 3),
    }
