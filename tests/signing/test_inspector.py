"""An inspector with public keys: a stranger's bank never judges a frame."""

from pathlib import Path

from prometheus_client import REGISTRY

from service.banks.cache import MemoryCache
from service.training.publish import open_outlets, publish_bank
from tests.extraction.lines import GOOD, taught
from tests.inspector.plant import PREFIX, build_plant
from tests.signing.keyring import BANKS, Keyring


async def test_a_line_keeps_its_bank_when_a_stranger_puts_another_in_force(
    tmp_path: Path, valkey_url: str, ring: Keyring
) -> None:
    ring.new("plant", BANKS)
    plant = await build_plant(tmp_path, valkey_url)
    plant.settings = plant.settings.model_copy(update={"signing": ring.settings()})
    ours = taught("line1")
    async with open_outlets(
        plant.broker, plant.store, MemoryCache(), PREFIX, ring.signing("plant")
    ) as outlets:
        await publish_bank(outlets, ours, {}, actor="test")
    async with plant.inspecting():
        await plant.send("line1", GOOD)
        await plant.verdicts(1)
        await plant.put_in_force("line1")
        await plant.send("line1", GOOD)
        verdicts = await plant.verdicts(2)
    assert {(verdict.bank_version, verdict.epoch) for verdict in verdicts} == {(ours.version, 1)}
    assert REGISTRY.get_sample_value("patchline_bank_stale", {"line": "line1"}) == 1
    await plant.broker.close()
