import re

from schemas.command import ApproveGood
from schemas.reasons import LineEventKind
from service.store.keys import features_key, frame_key, part_key
from service.training.features import contract_hash
from tests.rebuilder.plant import POISON, Plant, approve
from tests.training.parts import drawn, good_parts

DONE, REFUSED = LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED


async def told(plant: Plant, *frames: int) -> str:
    """What an approval of these frames is refused for."""
    command = approve(*[await plant.frame(seed) for seed in frames])
    return await refusal(plant, command)


async def refusal(plant: Plant, command: ApproveGood) -> str:
    await plant.send(command)
    async with plant.rebuilder():
        event = (await plant.results(1))[command.command_id]
    assert event.kind is REFUSED
    assert len(await plant.history()) == 1
    return event.sentence


async def test_an_approval_is_in_force_as_the_next_epoch(plant: Plant) -> None:
    first = await plant.set_up()
    refs = [await plant.frame(seed, part_id=f"sn-{seed}") for seed in (20, 21, 22)]
    command = approve(*refs, why="new supplier")
    await plant.send(command)
    async with plant.rebuilder():
        event = (await plant.results(1))[command.command_id]
    before, after = await plant.history()
    assert (event.kind, event.epoch, event.version, event.parts_added) == (DONE, 2, after.version, 3)
    assert re.fullmatch(r"epoch 2: 3 parts added, [\d,]+ -> [\d,]+ vectors, \d+\.\d s", event.sentence)
    assert (after.command_id, after.actor, after.why) == (command.command_id, "ann", "new supplier")
    assert after.thresholds.wished_alpha == before.thresholds.wished_alpha
    bank = await plant.bank(after)
    assert bank.manifest.parts[:8] == first.manifest.parts
    assert [(p.name, p.part_id, p.origin) for p in bank.manifest.parts[8:]] == [
        (f"frame-{seed}", f"sn-{seed}", "approved") for seed in (20, 21, 22)
    ]
    assert event.vectors == bank.memory_bank.size


async def test_an_approved_part_is_kept_with_its_features_when_its_frame_expires(plant: Plant) -> None:
    built = await plant.set_up()
    ref = await plant.frame(20)
    await plant.send(approve(ref))
    async with plant.rebuilder():
        await plant.results(1)
    await plant.store.delete(frame_key("line1", ref.frame_uid))
    assert await plant.store.get(part_key("line1", "default", ref.frame_sha256)) == drawn(20)
    manifest = built.manifest
    name = contract_hash(manifest.recipe, manifest.contract, manifest.weights_sha256)
    assert await plant.store.exists(features_key("line1", "default", ref.frame_sha256, name))


async def test_the_offset_is_committed_once_the_result_is_in_the_log(plant: Plant) -> None:
    await plant.set_up()
    await plant.send(approve(await plant.frame(20)))
    await plant.send_raw("line1", b"{not json")
    async with plant.rebuilder():
        await plant.results(1)
        assert await plant.committed(2) == 2


async def test_several_approvals_of_a_line_that_wait_become_one_build(plant: Plant) -> None:
    await plant.set_up()
    one = approve(await plant.frame(20), actor="ann", why="fine")
    two = approve(await plant.frame(21), await plant.frame(20), actor="bob")
    bad = approve(await plant.frame(22, data=b"no image"))
    await plant.send(one, two, bad)
    async with plant.rebuilder():
        results = await plant.results(3)
    history = await plant.history()
    assert len(history) == 2
    assert history[1].actor == "ann, bob"
    assert results[one.command_id].epoch == results[two.command_id].epoch == 2
    assert "1 part added (1 known already)" in results[two.command_id].sentence
    assert results[bad.command_id].kind is REFUSED
    assert len((await plant.bank(history[1])).manifest.parts) == 10


async def test_an_audited_part_calibrates_and_an_approved_one_that_joins_its_build_does_not(
    plant: Plant,
) -> None:
    await plant.set_up()
    audit = approve(await plant.frame(20)).model_copy(update={"audit": True})
    await plant.send(audit, approve(await plant.frame(21)))
    async with plant.rebuilder():
        await plant.results(2)
    [_, made] = await plant.history()
    bank = await plant.bank(made)
    assert [entry.origin for entry in bank.manifest.parts[8:]] == ["audited", "approved"]
    assert bank.memory_bank.calibration_parts.tolist() == list(range(9))
    assert made.thresholds.calibration_parts == 9


async def test_growing_on_equals_growing_after_a_restart(plant: Plant) -> None:
    await plant.set_up("line1", "line2")
    async with plant.rebuilder():
        for number, seed in enumerate((20, 21), 1):
            await plant.send(approve(await plant.frame(seed)))
            await plant.results(number)
    for number, seed in enumerate((20, 21), 3):
        await plant.send(approve(await plant.frame(seed, "line2"), line="line2"))
        async with plant.rebuilder():
            await plant.results(number)
    one, two = [(await plant.bank((await plant.history(line))[-1])) for line in ("line1", "line2")]
    assert one.memory_bank.vectors.tobytes() == two.memory_bank.vectors.tobytes()
    assert one.memory_bank.calibration_scores.tobytes() == two.memory_bank.calibration_scores.tobytes()


async def test_known_parts_are_extracted_again_from_their_kept_frames(plant: Plant) -> None:
    built = await plant.set_up()
    async for listed in plant.store.list("features"):
        await plant.store.delete(listed.key)
    await plant.send(approve(await plant.frame(20)))
    async with plant.rebuilder():
        assert DONE in [event.kind for event in (await plant.results(1)).values()]
    assert plant.workers[0].extracted == len(built.manifest.parts) + 1


async def test_an_expired_frame_is_named(plant: Plant) -> None:
    await plant.set_up()
    ref = await plant.frame(20)
    await plant.store.delete(frame_key("line1", ref.frame_uid))
    sentence = await refusal(plant, approve(await plant.frame(21), ref))
    assert sentence == "frame frame-20 is no longer stored: take a newer frame of such a part"


async def test_a_frame_whose_bytes_are_others_is_named(plant: Plant) -> None:
    await plant.set_up()
    ref = await plant.frame(20)
    await plant.store.put(frame_key("line1", ref.frame_uid), drawn(21))
    assert "frame frame-20 has other bytes in the store" in await refusal(plant, approve(ref))


async def test_a_part_that_the_bank_knows_is_refused_by_name(plant: Plant) -> None:
    await plant.set_up()
    assert await told(plant, 3) == (
        "frame frame-3 is in the bank already: approve parts that it does not know"
    )


async def test_a_known_part_beside_a_new_one_is_passed_over_with_a_note(plant: Plant) -> None:
    await plant.set_up()
    command = approve(await plant.frame(3), await plant.frame(20))
    await plant.send(command)
    async with plant.rebuilder():
        event = (await plant.results(1))[command.command_id]
    assert event.parts_added == 1
    assert "(1 known already)" in event.sentence


async def test_a_picture_that_does_not_fit_the_contract_is_named_with_its_reason(plant: Plant) -> None:
    await plant.set_up()
    sentence = await refusal(plant, approve(await plant.frame(20, data=drawn(20, colour=False))))
    assert sentence.startswith("frame frame-20 cannot be learned from (The picture is grey where")


async def test_a_picture_that_ends_the_worker_is_named_and_its_neighbours_are_not(plant: Plant) -> None:
    await plant.set_up()
    good, bad = approve(await plant.frame(20)), approve(await plant.frame(21, data=POISON))
    await plant.send(bad, good)
    async with plant.rebuilder():
        results = await plant.results(2)
    assert results[good.command_id].kind is DONE
    assert (
        "frame frame-21 cannot be learned from (The extraction worker died"
        in results[bad.command_id].sentence
    )
    assert len(plant.workers) >= 4


async def test_frames_of_several_models_in_one_approval_are_refused(plant: Plant) -> None:
    await plant.set_up()
    command = approve(await plant.frame(20, model="lid"), await plant.frame(21, model="default"))
    assert await refusal(plant, command) == (
        "the frames were judged by models default and lid: approve each model's alone"
    )


async def test_a_frame_of_a_model_that_the_line_never_had_is_refused_by_name(plant: Plant) -> None:
    await plant.set_up()
    sentence = await refusal(plant, approve(await plant.frame(20, model="lid")))
    assert sentence == "line line1 has no bank of model lid: train one"


async def test_a_line_without_a_bank_is_told_to_train_one(plant: Plant) -> None:
    await plant.set_up()
    command = approve(await plant.frame(20, "line9"), line="line9")
    assert await refusal(plant, command) == ("line line9 has no bank yet: train one from good parts first")


async def test_other_weights_than_the_banks_are_refused(plant: Plant) -> None:
    await plant.set_up()
    plant.weights = "cd" * 32
    assert "the rebuilder has cdcdcdcdcdcd" in await told(plant, 20)


async def test_a_spoilt_known_part_without_features_is_named(plant: Plant) -> None:
    await plant.set_up()
    for folder in ("features", "parts"):
        async for listed in plant.store.list(folder):
            await plant.store.delete(listed.key)
    name = good_parts(1)[0].name
    assert (await told(plant, 20)).startswith(f"part {name} of the bank is missing in the store")
