"""Parts of a model that is not in force: they grow it, and going back finds it grown."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from schemas.activation import Published
from schemas.command import AnyCommand
from schemas.reasons import Gate, LineEventKind
from schemas.topics import TopicKind
from tests.rebuilder.faults import CrashingBroker
from tests.rebuilder.plant import NOON, Plant, approve, topic
from tests.rebuilder.stains import stained
from tests.rebuilder.test_crashes import ended
from tests.rebuilder.test_repointing import activate
from workers.rebuilder.lineage import Lineage

DONE, REFUSED = LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED


async def test_what_is_approved_on_frames_of_the_old_model_is_there_when_the_line_goes_back(
    plant: Plant,
) -> None:
    await plant.set_up()
    await plant.train(model="lid")
    old = approve(await plant.frame(20, model="default"))
    commands: list[AnyCommand] = [old, activate("default")]
    events = await plant.outcome(*commands)
    assert [event.kind for event in events] == [DONE, DONE]
    assert (events[0].model, events[0].epoch, events[0].parts_added) == ("default", None, 1)
    assert events[0].sentence.startswith("model default, which is not in force, learned 1 part: ")
    history = await plant.history()
    assert [made.model for made in history] == ["default", "lid", "default"]
    assert history[2].version == events[0].version
    assert [part.name for part in (await plant.bank(history[2])).manifest.parts][8:] == ["frame-20"]


async def test_approvals_of_both_models_that_wait_together_each_grow_their_own(plant: Plant) -> None:
    await plant.set_up()
    await plant.train(model="lid")
    commands = [
        approve(await plant.frame(20, model="default")),
        approve(await plant.frame(21, model="lid")),
        approve(await plant.frame(22, model="default")),
    ]
    await plant.send(*commands)
    async with plant.rebuilder():
        results = await plant.results(3)
        await plant.send(activate("default"))
        await plant.results(4)
    assert [results[command.command_id].epoch for command in commands] == [None, 3, None]
    last = await plant.bank((await plant.history())[-1])
    assert [part.name for part in last.manifest.parts][8:] == ["frame-20", "frame-22"]


async def test_gates_stand_before_a_model_that_is_not_in_force_too(plant: Plant) -> None:
    await plant.set_up()
    await plant.train(model="lid")
    bad = await plant.frame(50, data=stained(50), model="default")
    events = await plant.outcome(approve(bad, actor="ann"), approve(bad, actor="bob"))
    assert [event.kind for event in events] == [REFUSED, DONE]
    assert (events[0].gate, events[0].needs_second_person) == (Gate.SUSPICIOUS_PART, True)


async def test_a_part_that_the_old_model_knows_is_refused_by_name(plant: Plant) -> None:
    await plant.set_up()
    await plant.train(model="lid")
    ref = await plant.frame(20, model="default")
    events = await plant.outcome(approve(ref), approve(ref))
    assert [event.kind for event in events] == [DONE, REFUSED]
    assert events[1].sentence.startswith("frame frame-20 is in the bank already")


@pytest.mark.parametrize(
    ("kind", "written"), [(TopicKind.BANKS, True), (TopicKind.BANKS, False), (TopicKind.LINE_EVENTS, False)]
)
async def test_a_crash_while_a_model_is_grown_aside_leads_to_one_effect(
    kind: TopicKind, written: bool, tmp_path: Path
) -> None:
    plant = Plant(tmp_path)
    plant.broker = broker = CrashingBroker()
    await plant.set_up()
    await plant.train(model="lid")
    command = approve(await plant.frame(20, model="default"))
    await plant.send(command)
    broker.crash_at(topic(kind), 1, written=written)
    await ended(plant, broker)
    async with plant.rebuilder():
        assert (await plant.results(1))[command.command_id].kind is DONE
    [event] = await plant.outcome(activate("default"))
    names = [part.name for part in (await plant.bank((await plant.history())[-1])).manifest.parts]
    assert (event.kind, names[8:]) == (DONE, ["frame-20"])


async def test_two_rebuilders_that_grow_one_model_aside_lose_no_part(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    await plant.set_up()
    await plant.train(model="lid")
    commands = [approve(await plant.frame(seed, model="default")) for seed in (20, 21, 22)]
    await plant.send(*commands)
    other = Plant(tmp_path)
    other.broker, other.store, other.cache = plant.broker, plant.store, plant.cache
    other.settings = plant.settings.model_copy(
        update={"rebuilder": plant.settings.rebuilder.model_copy(update={"group": "came-back"})}
    )
    async with plant.rebuilder(), other.rebuilder():
        results = await plant.results(3)
        await asyncio.sleep(0.3)
    assert {event.kind for event in results.values()} == {DONE}
    await plant.outcome(activate("default"))
    names = [part.name for part in (await plant.bank((await plant.history())[-1])).manifest.parts]
    assert sorted(names[8:]) == ["frame-20", "frame-21", "frame-22"]


def published(version: str, based_on: str | None = None, command: UUID | None = None) -> Published:
    return Published(
        line="line1",
        model="default",
        version=version * 64,
        size_bytes=1,
        vectors=1,
        parts=1,
        radius=0,
        based_on=None if based_on is None else based_on * 64,
        command_id=command,
        published_at=NOON,
    )


def test_of_two_banks_that_grew_out_of_one_the_first_in_the_log_is_the_head() -> None:
    first, second, late = uuid4(), uuid4(), uuid4()
    lineage = Lineage()
    for bank in (
        published("a"),
        published("b", "a", first),
        published("c", "a", second),
        published("d", "b", late),
    ):
        lineage.take(bank)
    head = lineage.head("default")
    assert head is not None
    assert head.version == "d" * 64
    assert lineage.of_command("default", second) is None
    assert lineage.of_command("default", first) is not None
    assert len(lineage.published("default")) == 4
    lineage.take(published("e"))
    assert lineage.head("default") == published("e")
    assert lineage.of_command("default", first) is None
