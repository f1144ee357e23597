"""More lines than memory has room for: every frame is judged by its own line's bank all the same."""

import asyncio
from functools import lru_cache

import pytest

from schemas.reasons import VerdictKind
from service.banks.cache import MemoryCache
from service.settings import InspectorSettings
from service.training.built import BuiltBank
from service.training.publish import open_outlets, publish_bank
from service.training.thresholds import Rates
from tests.extraction.lines import GOOD, taught
from tests.inspector.plant import PREFIX, Plant
from tests.parts import draw_part, encode_png
from workers.inspector.bank_room import MEMORY_PER_FILE_BYTE
from workers.inspector.keeper import Keeper

pytestmark = pytest.mark.slow

LINES = [f"line{number}" for number in range(6)]


@lru_cache(maxsize=8)
def bank_of(line: str) -> BuiltBank:
    built = taught("line0", 12)
    manifest = built.manifest.model_copy(update={"line": line})
    return BuiltBank.of(built.memory_bank, manifest, built.features, Rates.of(built.thresholds), built.golden)


async def put_in_force(plant: Plant, *lines: str) -> None:
    async with open_outlets(plant.broker, plant.store, MemoryCache(), PREFIX) as outlets:
        for line in lines:
            await publish_bank(outlets, bank_of(line), {}, actor="test")


def with_room_for(plant: Plant, banks: float) -> Plant:
    size = MEMORY_PER_FILE_BYTE * len(bank_of("line0").data)
    inspector = plant.settings.inspector.model_copy(update={"bank_memory_bytes": int(banks * size)})
    assert isinstance(inspector, InspectorSettings)
    plant.settings = plant.settings.model_copy(update={"inspector": inspector})
    return plant


@pytest.mark.parametrize("banks", [0.5, 2.5])
async def test_every_line_is_served_whatever_room_there_is(plant: Plant, banks: float) -> None:
    with_room_for(plant, banks)
    await put_in_force(plant, *LINES)
    sent = []
    async with plant.inspecting():
        for turn in range(3):
            for line in LINES:
                data = encode_png(draw_part(1000 + turn, size=(128, 128)))
                await plant.send(line, data, turn % 2)
                sent.append((line, bank_of(line).version))
        verdicts = await plant.verdicts(len(sent))
    assert sorted((verdict.line, verdict.bank_version) for verdict in verdicts) == sorted(sent)


async def test_only_what_fits_is_loaded_before_frames_come_and_a_line_without_a_bank_gets_its_newest(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    keepers: list[Keeper] = []
    catch_up = Keeper.catch_up

    async def watched(self: Keeper, patience: float) -> None:
        await catch_up(self, patience)
        keepers.append(self)

    monkeypatch.setattr(Keeper, "catch_up", watched)
    with_room_for(plant, 2.5)
    await put_in_force(plant, *LINES)
    async with plant.inspecting():
        async with asyncio.timeout(60):
            while not keepers:  # noqa: ASYNC110 - the inspector signals nothing
                await asyncio.sleep(0.05)
        loader = keepers[0]._loader
        assert sorted(loader.in_force) == ["line4", "line5"]
        await plant.send("line1", GOOD)
        (verdict,) = await plant.verdicts(1)
        assert verdict.verdict is not VerdictKind.FAULT
        assert sorted(loader.in_force) == ["line1", "line5"]
        assert loader.room.used <= loader.room.limit
        await put_in_force(plant, "line0")
        await plant.send("line0", GOOD)
        _, verdict = await plant.verdicts(2)
        assert (verdict.line, verdict.epoch) == ("line0", 2)
        assert sorted(loader.in_force) == ["line0", "line1"]
