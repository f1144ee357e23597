"""Confirmed defects become canaries, and people take them out again."""

from uuid import UUID, uuid4

from schemas.command import AnyCommand, ConfirmDefect, FrameRef, RetireCanary
from schemas.reasons import LineEventKind, VerdictKind
from service.store.keys import canary_key, features_key, frame_key
from service.training.canaries import read_canary
from service.training.features import contract_hash
from tests.rebuilder.plant import NOON, Plant, asked
from tests.rebuilder.stains import stained

DONE, REFUSED = LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED


def confirm(frame: FrameRef, actor: str = "eve") -> ConfirmDefect:
    return ConfirmDefect(
        command_id=uuid4(), line="line1", actor=actor, why="a scratch", issued_at=NOON, frame=frame
    )


def retire(frame_uid: UUID) -> RetireCanary:
    return RetireCanary.model_validate({**asked(), "frame_uid": frame_uid})


async def defect(plant: Plant, seed: int = 40) -> FrameRef:
    return await plant.frame(seed, data=stained(seed))


async def test_a_confirmed_defect_is_kept_with_its_regions_and_how_it_was_judged(plant: Plant) -> None:
    built = await plant.set_up()
    ref = await defect(plant)
    command = confirm(ref)
    [event] = await plant.outcome(command)
    assert event.kind is DONE, event.sentence
    assert event.frames is not None
    assert event.frames[0].frame_uid == ref.frame_uid
    assert event.frames[0].model == "default"
    await plant.store.delete(frame_key("line1", ref.frame_uid))
    kept = await plant.store.get(canary_key("line1", "default", ref.frame_sha256))
    assert kept == stained(40)
    canary = await read_canary(plant.store, "line1", "default", ref.frame_sha256)
    assert (canary.actor, canary.why, canary.command_id) == ("eve", "a scratch", command.command_id)
    assert (canary.bank_version, canary.epoch, canary.confirmed_at) == (built.version, 1, NOON)
    assert canary.verdict is VerdictKind.DEFECT
    assert canary.score > canary.threshold
    assert canary.regions
    assert max(region.score for region in canary.regions) == canary.score
    assert all(region.x + region.width <= 160 for region in canary.regions)
    manifest = built.manifest
    name = contract_hash(manifest.recipe, manifest.contract, manifest.weights_sha256)
    assert await plant.store.exists(features_key("line1", "default", ref.frame_sha256, name))


async def test_a_confirmation_changes_no_epoch(plant: Plant) -> None:
    await plant.set_up()
    await plant.outcome(confirm(await defect(plant)))
    assert len(await plant.history()) == 1


async def test_a_canary_is_made_once_and_a_retired_one_can_be_made_again(plant: Plant) -> None:
    await plant.set_up()
    ref = await defect(plant)
    commands: list[AnyCommand] = [
        confirm(ref),
        confirm(ref),
        retire(ref.frame_uid),
        retire(ref.frame_uid),
        confirm(ref),
    ]
    events = await plant.outcome(*commands)
    assert [event.kind for event in events] == [DONE, REFUSED, DONE, REFUSED, DONE]
    assert events[1].sentence == "frame frame-40 is a canary already: there is nothing to do"
    assert events[3].sentence.startswith(f"line line1 has no canary of frame {ref.frame_uid}")
    assert events[2].actor == "eve"


async def test_a_defect_that_the_bank_does_not_see_is_told_as_a_known_miss(plant: Plant) -> None:
    await plant.set_up()
    [event] = await plant.outcome(confirm(await plant.frame(30)))
    assert event.kind is DONE
    assert "a known miss for now" in event.sentence


async def test_a_defect_that_is_a_part_of_the_bank_is_told_so(plant: Plant) -> None:
    await plant.set_up()
    [event] = await plant.outcome(confirm(await plant.frame(3)))
    assert "a part of the bank itself" in event.sentence


async def test_a_defect_whose_frame_expired_or_was_no_image_is_refused_by_name(plant: Plant) -> None:
    await plant.set_up()
    gone, broken = await defect(plant), await plant.frame(41, data=b"no image")
    await plant.store.delete(frame_key("line1", gone.frame_uid))
    unheard_of = (await plant.frame(42)).model_copy(update={"model": "lid"})
    events = await plant.outcome(confirm(gone), confirm(broken), confirm(unheard_of))
    assert [event.kind for event in events] == [REFUSED] * 3
    assert events[0].sentence.startswith("frame frame-40 is no longer stored")
    assert "frame frame-41 cannot be learned from" in events[1].sentence
    assert events[2].sentence == "model lid was never in force on line line1: name one that was"


async def test_canaries_outlive_the_rebuilder_and_redelivered_commands_do_nothing(plant: Plant) -> None:
    await plant.set_up()
    ref = await defect(plant)
    made, ended = confirm(ref), retire(ref.frame_uid)
    await plant.outcome(made)
    await plant.outcome(ended)
    await plant.send(made, ended)
    [event] = await plant.outcome(confirm(ref))
    assert event.kind is DONE
    assert len([e for e in await plant.events() if e.command_id == made.command_id]) == 1


async def test_a_canary_of_another_model_is_judged_by_that_models_bank(plant: Plant) -> None:
    await plant.set_up()
    lid = await plant.train(model="lid", count=9)
    await plant.train()
    ref = await plant.frame(40, data=stained(40), model="lid")
    [event] = await plant.outcome(confirm(ref))
    canary = await read_canary(plant.store, "line1", "lid", ref.frame_sha256)
    assert (event.model, canary.bank_version) == ("lid", lid.version)
