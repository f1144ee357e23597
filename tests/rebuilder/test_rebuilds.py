"""Banks selected again: a part removed as if it had never been, a rebuild, a bank past its budget."""

import asyncio
from dataclasses import replace

import pytest

from schemas.command import AnyCommand, Rebuild, RemovePart
from schemas.ids import sha256_hex
from schemas.reasons import Gate, LineEventKind
from service.settings import RebuilderSettings
from service.store.keys import part_key
from service.training.build import build_bank
from service.training.built import BuiltBank
from service.training.part import GoodPart
from service.training.publish import open_outlets, publish_bank
from service.training.thresholds import Rates
from tests.rebuilder.plant import PREFIX, Plant, approve, asked
from tests.rebuilder.stains import VIOLET, stained
from tests.rebuilder.test_canaries import confirm
from tests.rebuilder.test_gates import lenient
from tests.training.parts import QUICK, QuickNetwork, drawn, good_parts
from workers.rebuilder import reselection

DONE, REFUSED = LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED
SMALL = QUICK.model_copy(update={"max_vectors": 110})
ROOMY = QUICK.model_copy(update={"min_vectors": 1})


def remove(part: str, line: str = "line1", model: str = "default") -> RemovePart:
    return RemovePart.model_validate({**asked(line), "model": model, "part": part})


def rebuild(line: str = "line1", model: str | None = None) -> Rebuild:
    return Rebuild.model_validate({**asked(line), "model": model})


async def test_a_removed_part_leaves_the_bank_that_never_had_it_to_the_byte(plant: Plant) -> None:
    built = await plant.set_up()
    gone = built.manifest.parts[3]
    without = [part for part in good_parts(8) if part.sha256 != gone.sha256]
    never = build_bank("line1", "default", without, QUICK, QuickNetwork())
    [event] = await plant.outcome(remove(gone.sha256))
    assert (event.kind, event.version, event.epoch) == (DONE, never.version, 2)
    assert (event.radius_before, event.radius_after) == (
        built.manifest.selection_radius,
        never.manifest.selection_radius,
    )
    assert event.sentence.startswith("epoch 2: selected again from 7 parts, ")


async def test_removing_an_approved_part_equals_never_having_approved_it(plant: Plant) -> None:
    """Line2 approves only the good one: both are then selected from the same parts."""
    await plant.set_up("line1", "line2")
    lenient(plant)
    bad = await plant.frame(50, data=stained(50))
    await plant.outcome(
        approve(bad),
        approve(await plant.frame(20)),
        remove(bad.frame_sha256),
        approve(await plant.frame(20, "line2"), line="line2"),
        rebuild("line2"),
    )
    one, two = [await plant.bank((await plant.history(line))[-1]) for line in ("line1", "line2")]
    assert one.memory_bank.vectors.tobytes() == two.memory_bank.vectors.tobytes()
    assert one.memory_bank.calibration_scores.tobytes() == two.memory_bank.calibration_scores.tobytes()
    assert one.manifest == two.manifest.model_copy(update={"line": "line1"})
    assert bad.frame_sha256 not in {part.sha256 for part in one.manifest.parts}


async def test_a_defect_that_was_taught_alarms_again_once_it_is_removed(plant: Plant) -> None:
    await plant.set_up()
    lenient(plant)
    bad = await plant.frame(50, data=stained(50))
    commands: list[AnyCommand] = [approve(bad), remove(bad.frame_sha256), confirm(bad)]
    events = await plant.outcome(*commands)
    assert [event.kind for event in events] == [DONE] * 3
    assert "a bank that does not alarm on it is not put in force" in events[2].sentence


async def test_approved_parts_do_not_calibrate_a_rebuilt_bank(plant: Plant) -> None:
    await plant.set_up()
    await plant.outcome(approve(await plant.frame(20)), rebuild())
    bank = await plant.bank((await plant.history())[-1])
    assert bank.memory_bank.calibration_parts.tolist() == list(range(8))
    assert bank.manifest.parts[8].origin == "approved"


async def test_a_bank_that_is_selected_already_stays_as_it_is(plant: Plant) -> None:
    await plant.set_up()
    [event] = await plant.outcome(rebuild())
    assert (event.kind, event.epoch) == (DONE, 1)
    assert event.sentence == "all was selected again, and the bank is the same"
    assert len(await plant.history()) == 1


async def test_features_that_the_cache_lost_are_extracted_again(plant: Plant) -> None:
    await plant.set_up()
    await plant.outcome(approve(await plant.frame(20)))
    async for listed in plant.store.list("features"):
        await plant.store.delete(listed.key)
    [event] = await plant.outcome(rebuild())
    assert event.kind is DONE
    assert sum(worker.extracted for worker in plant.workers) == 1 + 9


async def test_a_part_that_was_never_taught_or_too_few_to_go_on_are_refused(plant: Plant) -> None:
    await plant.train_small()
    first = (await plant.bank((await plant.history())[0])).manifest.parts[0]
    commands: list[AnyCommand] = [remove("ab" * 32), remove(first.sha256), rebuild(model="lid")]
    events = await plant.outcome(*commands)
    assert [event.kind for event in events] == [REFUSED] * 3
    assert events[0].sentence.startswith("the bank of line line1 has no part abababababab")
    assert "the bank has 4 parts, fewer than 5" in events[1].sentence
    assert events[2].sentence.startswith("model lid is not in force on line line1, default is")


async def test_a_part_whose_picture_is_lost_with_its_features_is_named(plant: Plant) -> None:
    built = await plant.set_up()
    await plant.outcome(approve(await plant.frame(20)))
    lost = sha256_hex(drawn(20))
    await plant.store.delete(part_key("line1", "default", lost))
    async for listed in plant.store.list("features"):
        if lost in listed.key:
            await plant.store.delete(listed.key)
    [event] = await plant.outcome(remove(built.manifest.parts[0].sha256))
    assert event.kind is REFUSED
    assert event.sentence.startswith("part frame-20 of the bank is missing in the store")


async def test_a_rebuild_that_silences_a_canary_is_refused_and_changes_nothing(plant: Plant) -> None:
    """The bank in force lists a part of the canary's kind and has no vector of it, until all is selected."""
    built = await plant.set_up()
    poison = GoodPart.of("poison", stained(50))
    manifest = built.manifest.model_copy(update={"parts": (*built.manifest.parts, poison.entry)})
    blind = BuiltBank.of(
        replace(built.memory_bank, part_count=9), manifest, built.features, Rates(), built.golden
    )
    async with open_outlets(plant.broker, plant.store, plant.cache, PREFIX) as outlets:
        await publish_bank(outlets, blind, {}, actor="cli")
    await plant.store.put(part_key("line1", "default", poison.sha256), poison.data)
    events = await plant.outcome(confirm(await plant.frame(40, data=stained(40))), rebuild())
    assert (events[1].kind, events[1].gate) == (REFUSED, Gate.CANARY_SILENT)
    assert events[1].sentence.startswith("canary frame-40 would no longer alarm, at 0.")
    assert len(await plant.history()) == 2


async def test_a_bank_past_its_budget_is_selected_again_with_both_radii_told(plant: Plant) -> None:
    await plant.set_up("line2")
    built = build_bank("line1", "default", good_parts(8), SMALL, QuickNetwork())
    async with open_outlets(plant.broker, plant.store, plant.cache, PREFIX) as outlets:
        await publish_bank(outlets, built, {p.sha256: p.data for p in good_parts(8)}, actor="cli")
    lenient(plant)
    rebuilder = RebuilderSettings(suspicious_multiple=1000, budget_factor=1.0)
    plant.settings = plant.settings.model_copy(update={"rebuilder": rebuilder})
    other = await plant.frame(51, data=stained(51, 1.0, VIOLET))
    events = await plant.outcome(approve(await plant.frame(50, data=stained(50))), approve(other))
    bank = (await plant.bank((await plant.history())[-1])).memory_bank
    assert "selected again as the bank passed its budget, radius" in events[0].sentence
    assert bank.size <= 110
    assert events[0].radius_before == built.manifest.selection_radius
    assert events[1].radius_after == bank.selection_radius
    assert bank.calibration_parts.tolist() == list(range(8))


async def test_a_bank_past_its_bytes_is_selected_down_to_what_leaves_room_to_grow(plant: Plant) -> None:
    await plant.set_up("line2")
    built = build_bank("line1", "default", good_parts(8), ROOMY, QuickNetwork())
    async with open_outlets(plant.broker, plant.store, plant.cache, PREFIX) as outlets:
        await publish_bank(outlets, built, {p.sha256: p.data for p in good_parts(8)}, actor="cli")
    before = built.memory_bank
    size_bytes = before.vectors.nbytes
    rebuilder = RebuilderSettings(suspicious_multiple=1000, budget_bytes=size_bytes)
    plant.settings = plant.settings.model_copy(update={"rebuilder": rebuilder})
    events = await plant.outcome(*[approve(await plant.frame(seed)) for seed in (20, 21)])
    first, second = [await plant.bank(made) for made in (await plant.history())[1:]]
    assert "selected again as the bank passed its budget" in events[0].sentence
    assert first.memory_bank.size == first.manifest.recipe.max_vectors == int(before.size / 1.5)
    assert (events[0].radius_after or 0) > (events[0].radius_before or 0) == before.selection_radius
    assert "selected again" not in events[1].sentence
    assert second.memory_bank.size > first.memory_bank.size
    assert second.memory_bank.selection_radius == first.memory_bank.selection_radius


async def test_what_two_persons_taught_is_not_refused_because_the_bank_passed_its_budget(
    plant: Plant,
) -> None:
    built = build_bank("line1", "default", good_parts(8), SMALL, QuickNetwork())
    await plant.set_up("line2")
    async with open_outlets(plant.broker, plant.store, plant.cache, PREFIX) as outlets:
        await publish_bank(outlets, built, {p.sha256: p.data for p in good_parts(8)}, actor="cli")
    rebuilder = RebuilderSettings(suspicious_multiple=1000, budget_factor=1.0)
    plant.settings = plant.settings.model_copy(update={"rebuilder": rebuilder})
    canary, near = await plant.frame(40, data=stained(40)), await plant.frame(50, data=stained(50, 0.4))
    events = await plant.outcome(confirm(canary), approve(near, actor="ann"), approve(near, actor="bob"))
    assert [event.gate for event in events] == [None, Gate.CANARY_MARGIN, None]
    assert "selected again as the bank passed its budget" in events[2].sentence


async def test_a_long_rebuild_tells_how_far_it_is(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    await plant.set_up()
    await plant.outcome(approve(await plant.frame(20)))
    monkeypatch.setattr(reselection, "PROGRESS_SECONDS", 0.0005)
    command = rebuild()
    await plant.outcome(command)
    told = [event for event in await plant.events() if event.kind is LineEventKind.BUILD_PROGRESS]
    assert told
    assert all(0 <= (event.share_done or 0) <= 1 for event in told)
    assert any((event.seconds_left or -1) >= 0 for event in told)
    assert "vectors are selected" in told[0].sentence


async def test_a_redelivered_rebuild_has_one_effect(plant: Plant) -> None:
    await plant.set_up()
    command = remove((await plant.bank((await plant.history())[0])).manifest.parts[0].sha256)
    await plant.send(command, command)
    async with plant.rebuilder():
        await plant.results(1)
        await asyncio.sleep(0.2)
    assert len(await plant.history()) == 2
    assert len([event for event in await plant.events() if event.kind is DONE]) == 1
