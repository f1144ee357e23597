"""The demo's two banks, from a hundred good cells a line."""

import asyncio
from collections.abc import Sequence

from service.backbones.configured import backbone_for
from service.banks.redis_cache import RedisCache
from service.patchcore.recipe import Recipe
from service.settings import EngineSettings, Settings
from service.store import open_store
from service.stream.base import Broker
from service.training.build import BuildProgress, build_bank
from service.training.built import BuiltBank
from service.training.part import GoodPart
from service.training.publish import open_outlets, publish_bank
from workers.demo.cells import Cell

# The cells have 300 x 300 pixels: they are looked at as they are, not made smaller.
RECIPE = Recipe(input_pixels=300 * 300)


def learn(
    line: str,
    cells: Sequence[Cell],
    engine: EngineSettings,
    progress: BuildProgress,
    recipe: Recipe = RECIPE,
) -> tuple[BuiltBank, dict[str, bytes]]:
    """A line's bank and the bytes of its parts by sha256. Blocks for some seconds."""
    parts = [GoodPart.of(cell.path.name, cell.path.read_bytes()) for cell in cells]
    built = build_bank(line, "default", parts, recipe, backbone_for(recipe, engine), progress)
    return built, {part.sha256: part.data for part in parts}


async def teach(
    settings: Settings,
    broker: Broker,
    line: str,
    cells: Sequence[Cell],
    progress: BuildProgress,
    recipe: Recipe = RECIPE,
) -> int:
    """Build a line's bank, publish it and put it in force; how many vectors it has."""
    built, frames = await asyncio.to_thread(learn, line, cells, settings.engine, progress, recipe)
    cache = RedisCache.open(settings.redis)
    try:
        async with open_outlets(
            broker, open_store(settings.store), cache, settings.kafka.topic_prefix
        ) as outlets:
            await publish_bank(outlets, built, frames, actor="demo", why="the first good cells")
    finally:
        await cache.close()
    return built.memory_bank.size
