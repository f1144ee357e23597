"""What a grown bank must pass before it is put in force, and what a second person may lift."""

from uuid import uuid4

import pytest

from schemas.command import AnyCommand, ApproveGood, FrameRef
from schemas.reasons import Gate, LineEventKind
from service.settings import RebuilderSettings
from service.store.keys import canary_key
from tests.rebuilder.plant import Plant, approve, asked
from tests.rebuilder.stains import VIOLET, stained
from tests.rebuilder.test_canaries import confirm, retire
from tests.rebuilder.test_repointing import rollback

DONE, REFUSED = LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED


def lenient(plant: Plant) -> None:
    """No part is suspicious for its score: what it costs the canaries counts."""
    rebuilder = RebuilderSettings(suspicious_multiple=1000)
    plant.settings = plant.settings.model_copy(update={"rebuilder": rebuilder})


async def stain(plant: Plant, seed: int, strength: float = 1.0, **more: str) -> FrameRef:
    return await plant.frame(seed, data=stained(seed, strength), **more)


async def test_a_part_far_above_the_threshold_needs_a_second_person(plant: Plant) -> None:
    await plant.set_up()
    ref = await stain(plant, 50, 0.5)
    events = await plant.outcome(
        approve(ref, actor="ann"), approve(ref, actor="ann"), approve(ref, actor="bob", why="a new gloss")
    )
    assert [event.kind for event in events] == [REFUSED, REFUSED, DONE]
    refused = events[0]
    assert (refused.gate, refused.needs_second_person) == (Gate.SUSPICIOUS_PART, True)
    assert refused.frames == (ref,)
    assert refused.sentence.startswith("frame frame-50 scores 3.")
    assert refused.sentence.endswith(
        "times the defect threshold: if it is good, another person must approve it too"
    )
    history = await plant.history()
    assert [activated.actor for activated in history[1:]] == ["bob"]


async def test_the_second_person_may_come_after_a_restart_and_to_another_rebuilder(plant: Plant) -> None:
    await plant.set_up()
    ref = await stain(plant, 50, 0.5)
    first = approve(ref, actor="ann")
    assert (await plant.outcome(first))[0].kind is REFUSED
    await plant.send(first)
    assert (await plant.outcome(approve(ref, actor="bob")))[0].kind is DONE


async def test_a_refused_part_is_not_extracted_again_for_the_second_person(plant: Plant) -> None:
    await plant.set_up()
    ref = await stain(plant, 50, 0.5)
    events = await plant.outcome(approve(ref, actor="ann"), approve(ref, actor="bob"))
    assert events[1].kind is DONE
    assert sum(worker.extracted for worker in plant.workers) == 1


async def test_an_ordinary_part_needs_one_person(plant: Plant) -> None:
    await plant.set_up()
    [event] = await plant.outcome(approve(await stain(plant, 50, 0.15)))
    assert event.kind is DONE


async def test_two_persons_who_approve_at_once_are_a_first_and_a_second(plant: Plant) -> None:
    await plant.set_up()
    ref = await stain(plant, 50, 0.5)
    one, two = approve(ref, actor="ann"), approve(ref, actor="bob")
    await plant.send(one, two)
    async with plant.rebuilder():
        results = await plant.results(2)
    assert results[one.command_id].needs_second_person
    assert results[two.command_id].kind is DONE


async def test_a_suspicious_part_refuses_no_other_approval_that_waits_with_it(plant: Plant) -> None:
    await plant.set_up()
    good, bad, more = (
        approve(await plant.frame(20)),
        approve(await stain(plant, 50)),
        approve(await plant.frame(21)),
    )
    await plant.send(good, bad, more)
    async with plant.rebuilder():
        results = await plant.results(3)
    assert [results[c.command_id].kind for c in (good, bad, more)] == [DONE, REFUSED, DONE]
    assert len((await plant.bank((await plant.history())[-1])).manifest.parts) == 10


async def test_a_part_that_would_silence_a_canary_is_refused_even_to_two_persons(plant: Plant) -> None:
    await plant.set_up()
    canary, twin = await stain(plant, 40), await stain(plant, 50)
    events = await plant.outcome(confirm(canary), approve(twin, actor="ann"), approve(twin, actor="bob"))
    assert [event.kind for event in events] == [DONE, REFUSED, REFUSED]
    assert [event.gate for event in events[1:]] == [Gate.CANARY_SILENT] * 2
    assert events[2].frames == (twin,)
    assert events[2].needs_second_person is None
    assert events[2].sentence.startswith("with frame frame-50 canary frame-40 would no longer alarm, at 0.")
    assert len(await plant.history()) == 1


async def test_a_retired_canary_stops_nothing(plant: Plant) -> None:
    await plant.set_up()
    lenient(plant)
    canary, twin = await stain(plant, 40), await stain(plant, 50)
    commands: list[AnyCommand] = [confirm(canary), approve(twin), retire(canary.frame_uid), approve(twin)]
    events = await plant.outcome(*commands)
    assert [event.kind for event in events] == [DONE, REFUSED, DONE, DONE]


async def test_a_part_that_costs_a_canary_much_of_its_margin_needs_a_second_person(plant: Plant) -> None:
    await plant.set_up()
    lenient(plant)
    canary, near = await stain(plant, 40), await stain(plant, 50, 0.4)
    events = await plant.outcome(confirm(canary), approve(near, actor="ann"), approve(near, actor="bob"))
    assert [event.kind for event in events] == [DONE, REFUSED, DONE]
    assert (events[1].gate, events[1].needs_second_person) == (Gate.CANARY_MARGIN, True)
    assert events[1].frames == (near,)
    assert "canary frame-40 would lose 38% of its score, more than 1%" in events[1].sentence


async def test_canaries_that_were_missed_already_are_listed_and_stop_nothing(plant: Plant) -> None:
    await plant.set_up()
    missed = await plant.frame(30)
    events = await plant.outcome(confirm(missed), approve(await plant.frame(20)))
    assert events[1].kind is DONE
    assert events[1].known_misses == (missed.frame_uid,)


async def test_a_defect_of_another_kind_costs_the_canary_nothing(plant: Plant) -> None:
    await plant.set_up()
    lenient(plant)
    other = await plant.frame(50, data=stained(50, 1.0, VIOLET))
    events = await plant.outcome(confirm(await stain(plant, 40)), approve(other))
    assert [event.kind for event in events] == [DONE, DONE]


async def test_a_canary_cannot_be_approved_as_good(plant: Plant) -> None:
    await plant.set_up()
    canary = await stain(plant, 40)
    events = await plant.outcome(confirm(canary), approve(canary))
    assert events[1].kind is REFUSED
    assert "frame frame-40 is a canary, confirmed as a defect" in events[1].sentence


async def test_going_back_passes_no_gate(plant: Plant) -> None:
    """A canary that only the newer bank sees does not keep people from the older one."""
    await plant.set_up()
    lenient(plant)
    canary = await stain(plant, 40, 0.3)
    commands: list[AnyCommand] = [approve(await stain(plant, 50)), confirm(canary), rollback()]
    events = await plant.outcome(*commands)
    assert [event.kind for event in events] == [DONE, DONE, DONE]


async def test_a_canary_that_is_lost_in_the_store_refuses_what_it_should_have_judged(plant: Plant) -> None:
    await plant.set_up()
    canary = await stain(plant, 40)
    await plant.outcome(confirm(canary))
    await plant.store.delete(canary_key("line1", "default", canary.frame_sha256))
    async for listed in plant.store.list("features"):
        if canary.frame_sha256 in listed.key:
            await plant.store.delete(listed.key)
    [event] = await plant.outcome(approve(await plant.frame(20)))
    assert event.kind is REFUSED
    assert event.sentence == "canary frame-40 is missing in the store: restore canaries/, or retire it"


@pytest.mark.parametrize("frames", [1, 2])
async def test_a_command_is_refused_whole_and_names_the_parts_at_fault(plant: Plant, frames: int) -> None:
    await plant.set_up()
    bad = tuple([await stain(plant, 50 + number) for number in range(frames)])
    command = ApproveGood.model_validate(
        {**asked(), "command_id": uuid4(), "frames": (await plant.frame(20), *bad)}
    )
    [event] = await plant.outcome(command)
    assert event.frames == bad
    assert len(await plant.history()) == 1
