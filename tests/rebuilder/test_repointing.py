from schemas.command import (
    Activate,
    MarkUnsure,
    Rollback,
    SetFalseAlarmRate,
)
from schemas.reasons import LineEventKind
from service.training.publish import open_outlets
from tests.rebuilder.plant import PREFIX, Plant, approve, asked, taught

DONE, REFUSED = LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED


def rollback(to_epoch: int | None = None) -> Rollback:
    return Rollback.model_validate({**asked(), "to_epoch": to_epoch})


def activate(model: str, version: str | None = None, line: str = "line1") -> Activate:
    return Activate.model_validate({**asked(line), "model": model, "version": version})


def rates(alpha: float, review: float, epoch: int) -> SetFalseAlarmRate:
    return SetFalseAlarmRate.model_validate(
        {**asked(), "alpha": alpha, "review_alpha": review, "based_on_epoch": epoch}
    )


async def test_a_rollback_puts_the_bank_before_in_force_as_a_new_epoch(plant: Plant) -> None:
    first = await plant.set_up()
    events = await plant.outcome(approve(await plant.frame(20)), rates(0.2, 0.4, 2), rollback())
    history = await plant.history()
    assert [event.kind for event in events] == [DONE] * 3
    assert (history[3].epoch, history[3].version, history[3].actor) == (4, first.version, "eve")
    assert (history[3].thresholds.wished_alpha, history[3].thresholds.review_alpha) == (0.2, 0.4)
    assert events[2].sentence == f"epoch 4: default {first.version[:12]} of epoch 1 is back in force"


async def test_a_rollback_to_an_epoch_that_never_was_is_refused(plant: Plant) -> None:
    await plant.set_up()
    events = await plant.outcome(rollback(7), rollback(1), rollback())
    assert [event.sentence for event in events] == [
        "line line1 has no epoch 7: it is at epoch 1",
        "epoch 1 is in force already: name an earlier one",
        "line line1 never had another bank: there is nothing to go back to",
    ]


async def test_a_rollback_that_was_meant_for_another_epoch_is_refused(plant: Plant) -> None:
    await plant.set_up()
    stale = Rollback.model_validate({**asked(), "to_epoch": 1, "based_on_epoch": 2})
    events = await plant.outcome(rates(0.2, 0.4, 1), rates(0.25, 0.5, 2), stale)
    assert events[2].kind is REFUSED
    assert events[2].sentence == (
        "epoch 2 was to be undone and line line1 is at epoch 3 by now: remove the part instead"
    )


async def test_being_unsure_of_a_part_is_noted_and_changes_nothing(plant: Plant) -> None:
    await plant.set_up()
    frame = approve(await plant.frame(20)).frames[0]
    unsure = MarkUnsure.model_validate({**asked(), "frame": frame})
    [event] = await plant.outcome(unsure)
    assert (event.kind, event.frames, event.epoch) == (DONE, (frame,), None)
    assert len(await plant.history()) == 1


async def test_new_rates_keep_the_bank_and_move_the_thresholds(plant: Plant) -> None:
    await plant.set_up()
    [event] = await plant.outcome(rates(0.25, 0.5, 1))
    before, after = await plant.history()
    assert (event.kind, event.epoch) == (DONE, 2)
    assert after.version == before.version
    assert after.thresholds.defect_score < before.thresholds.defect_score


async def test_rates_chosen_for_an_older_epoch_are_refused(plant: Plant) -> None:
    await plant.set_up()
    events = await plant.outcome(rates(0.25, 0.5, 1), rates(0.2, 0.5, 1), rates(0.3, 0.2, 2))
    assert events[1].sentence == (
        "the rates were chosen for epoch 1 and line line1 is at epoch 2: look at it again, then choose"
    )
    assert events[2].kind is REFUSED
    assert "the review rate no smaller" in events[2].sentence


async def test_the_newest_bank_of_another_model_can_be_put_in_force(plant: Plant) -> None:
    first = await plant.set_up()
    await plant.train(model="lid")
    newest = await plant.train(model="lid", count=9)
    events = await plant.outcome(activate("default"), activate("lid"), activate("default", first.version))
    assert [event.kind for event in events] == [DONE] * 3
    assert [event.version for event in events] == [first.version, newest.version, first.version]


async def test_the_first_bank_of_a_line_can_be_put_in_force_by_command(plant: Plant) -> None:
    await plant.set_up()
    built = taught("line5", "default", 8)
    async with open_outlets(plant.broker, plant.store, plant.cache, PREFIX) as outlets:
        await outlets.publisher.publish(built.data)
    [event] = await plant.outcome(activate("default", line="line5"))
    assert (event.kind, event.epoch, event.version) == (DONE, 1, built.version)


async def test_a_version_that_was_never_published_is_refused(plant: Plant) -> None:
    await plant.set_up()
    events = await plant.outcome(activate("default", "ab" * 32), activate("lid"))
    assert events[0].sentence.startswith("version abababababab of model default was never published")
    assert events[1].sentence == "line line1 has no published bank of model lid: train one"
