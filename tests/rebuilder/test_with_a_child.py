"""The rebuilder with the extraction worker that it has in a factory: a process of its own."""

import asyncio
from functools import partial

from schemas.reasons import LineEventKind
from service.backbones.configured import weights_in_use
from service.backbones.loading import load_backbone
from service.patchcore import Recipe
from service.training.build import build_bank
from service.training.publish import open_outlets, publish_bank
from tests.rebuilder.plant import PREFIX, Plant, approve
from tests.training.parts import drawn, good_parts
from workers.extraction.client import ExtractionClient
from workers.extraction.forks import Forks
from workers.rebuilder.extraction import Extraction
from workers.rebuilder.rebuilder import run_rebuilder

RECIPE = Recipe(input_pixels=128 * 128)


async def test_a_child_process_extracts_approved_parts_and_names_those_it_cannot(plant: Plant) -> None:
    await plant.set_up("line2")
    built = build_bank(
        "line1", "default", good_parts(6), RECIPE, load_backbone(RECIPE.backbone, RECIPE.stages)
    )
    async with open_outlets(plant.broker, plant.store, plant.cache, PREFIX) as outlets:
        await publish_bank(outlets, built, {p.sha256: p.data for p in good_parts(6)}, actor="train")
    good = approve(await plant.frame(20), await plant.frame(21))
    torn = approve(await plant.frame(22, data=drawn(22)[:-300]))
    await plant.send(good, torn)
    forks = Forks()
    extraction = Extraction(
        partial(ExtractionClient.start, forks, plant.settings), partial(weights_in_use, plant.settings.engine)
    )
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_rebuilder(plant.settings, plant.broker, plant.store, plant.cache, extraction, stop)
    )
    try:
        results = await plant.results(2, patience=90)
    finally:
        stop.set()
        await running
        await extraction.stop()
        await forks.stop()
    assert results[good.command_id].kind is LineEventKind.COMMAND_DONE
    assert results[good.command_id].parts_added == 2
    assert "frame-22 cannot be learned from (The image ends before" in results[torn.command_id].sentence
