"""A rebuilder that ends at any effect, and the next one that takes its place: one effect, one result."""

import asyncio
from pathlib import Path

import pytest

from schemas.reasons import LineEventKind
from schemas.topics import TopicKind
from tests.rebuilder.faults import CrashingBroker
from tests.rebuilder.plant import Plant, approve, topic
from workers.rebuilder.extraction import Extraction
from workers.rebuilder.rebuilder import run_rebuilder

BANKS, EVENTS = TopicKind.BANKS, TopicKind.LINE_EVENTS
# Of the banks topic the first send publishes and the second activates; of two merged approvals the first
# event says that one joins the other, the second and the third are the results.
EFFECTS = [
    (kind, send, written)
    for kind, sends in ((BANKS, (1, 2)), (EVENTS, (1, 2, 3)))
    for send in sends
    for written in (False, True)
]


async def ended(plant: Plant, broker: CrashingBroker) -> None:
    """Run a rebuilder up to its crash; its broker sees it leave as it would see a dead one go."""
    extraction = Extraction(plant.start_worker, lambda _: plant.weights)
    task = asyncio.create_task(
        run_rebuilder(plant.settings, broker, plant.store, plant.cache, extraction, asyncio.Event())
    )
    await asyncio.wait_for(broker.crashed.wait(), 30)
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize(("kind", "send", "written"), EFFECTS)
async def test_a_crash_at_any_effect_leads_to_one_effect(
    kind: TopicKind, send: int, written: bool, tmp_path: Path
) -> None:
    plant = Plant(tmp_path)
    plant.broker = broker = CrashingBroker()
    await plant.set_up()
    one = approve(await plant.frame(20))
    two = approve(await plant.frame(21), await plant.frame(22))
    await plant.send(one, two)
    broker.crash_at(topic(kind), send, written=written)
    await ended(plant, broker)
    async with plant.rebuilder():
        results = await plant.results(2)
        assert await plant.committed(2) == 2
    assert [event.kind for event in results.values()] == [LineEventKind.COMMAND_DONE] * 2
    assert {event.epoch for event in results.values()} == {2}
    history = await plant.history()
    assert len(history) == 2
    assert len((await plant.bank(history[1])).manifest.parts) == 11


async def test_a_redelivered_command_does_nothing(plant: Plant) -> None:
    await plant.set_up()
    command = approve(await plant.frame(20))
    await plant.send(command)
    async with plant.rebuilder():
        await plant.results(1)
    await plant.send(command, command)
    later = approve(await plant.frame(21))
    await plant.send(later)
    async with plant.rebuilder():
        await plant.results(2)
    assert len(await plant.history()) == 3
    results = [event for event in await plant.events() if event.kind is LineEventKind.COMMAND_DONE]
    assert [event.command_id for event in results] == [command.command_id, later.command_id]


async def test_a_redelivered_refusal_is_not_said_again(plant: Plant) -> None:
    await plant.set_up()
    command = approve(await plant.frame(3))
    await plant.send(command, command)
    async with plant.rebuilder():
        await plant.results(1)
    assert len(await plant.events()) == 1


async def test_two_rebuilders_that_carry_out_one_command_have_one_effect(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    await plant.set_up()
    await plant.send(approve(await plant.frame(20)), approve(await plant.frame(21)))
    other = Plant(tmp_path)
    other.broker, other.store, other.cache = plant.broker, plant.store, plant.cache
    other.settings = plant.settings.model_copy(
        update={"rebuilder": plant.settings.rebuilder.model_copy(update={"group": "came-back"})}
    )
    async with plant.rebuilder(), other.rebuilder():
        results = await plant.results(2)
        await asyncio.sleep(0.5)
    assert {event.kind for event in results.values()} == {LineEventKind.COMMAND_DONE}
    history = await plant.history()
    assert len((await plant.bank(history[-1])).manifest.parts) == 10
    assert len({activated.command_id for activated in history}) == len(history)
