"""A shadow that the rebuilder demands: what changes too much is refused, and what does change is told."""

from schemas.command import FrameRef, Rebuild
from schemas.reasons import Gate, LineEventKind, VerdictKind
from schemas.topics import TopicKind
from schemas.verdict import Source, Verdict
from service.settings import RebuilderSettings
from service.store.keys import frame_key
from tests.rebuilder.plant import NOON, POISON, Plant, approve, asked, topic
from tests.rebuilder.stains import stained

DONE, REFUSED = LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED


def demanding(plant: Plant, frames: int, flips: float) -> None:
    rebuilder = RebuilderSettings(suspicious_multiple=1000, shadow_frames=frames, shadow_flips=flips)
    plant.settings = plant.settings.model_copy(update={"rebuilder": rebuilder})


async def judged(plant: Plant, ref: FrameRef, number: int, model: str = "default") -> None:
    verdict = Verdict(
        frame_uid=ref.frame_uid,
        line="line1",
        frame_id=ref.frame_id,
        frame_sha256=ref.frame_sha256,
        verdict=VerdictKind.DEFECT,
        model=model,
        source=Source(partition=0, offset=number, timestamp_ms=0),
        inspected_at=NOON,
    )
    producer = await plant.broker.producer()
    await producer.send(topic(TopicKind.VERDICTS), key=b"line1", value=verdict.to_bytes(), partition=0)


async def stored(plant: Plant) -> tuple[FrameRef, FrameRef]:
    """A stain to approve, and one alike; the line has judged both and two ordinary parts."""
    new, alike = await plant.frame(50, data=stained(50, 0.4)), await plant.frame(51, data=stained(51, 0.4))
    for number, ref in enumerate((new, alike, await plant.frame(30), await plant.frame(31))):
        await judged(plant, ref, number)
    return new, alike


async def test_a_bank_that_changes_more_stored_frames_than_allowed_is_refused_and_names_them(
    plant: Plant,
) -> None:
    await plant.set_up()
    demanding(plant, 10, 0.2)
    new, alike = await stored(plant)
    [event] = await plant.outcome(approve(new))
    assert (event.kind, event.gate) == (REFUSED, Gate.SHADOW), event.sentence
    assert event.shadow is not None
    assert (event.shadow.frames, event.shadow.flips) == (3, 1)
    [flip] = event.shadow.flipped
    assert (flip.frame_uid, flip.before, flip.after) == (alike.frame_uid, VerdictKind.DEFECT, VerdictKind.OK)
    assert "1 of the line's newest 3 stored frames" in event.sentence
    assert "1 from defect to ok" in event.sentence
    assert len(await plant.history()) == 1


async def test_what_changes_within_the_share_is_put_in_force_and_told(plant: Plant) -> None:
    await plant.set_up()
    demanding(plant, 10, 0.5)
    new, _ = await stored(plant)
    rebuild = Rebuild.model_validate(asked())
    event, again = await plant.outcome(approve(new), rebuild)
    assert (event.kind, event.epoch) == (DONE, 2), event.sentence
    assert event.shadow is not None
    assert (event.shadow.frames, event.shadow.flips) == (3, 1)
    assert again.shadow is not None
    assert again.shadow.frames == 4
    progress = [told for told in await plant.events() if told.kind is LineEventKind.BUILD_PROGRESS]
    assert any("stored frames are judged again" in told.sentence for told in progress)


async def test_frames_that_cannot_be_looked_at_and_those_of_another_model_are_left_out(plant: Plant) -> None:
    await plant.set_up()
    demanding(plant, 10, 0.2)
    gone, poison = await plant.frame(30), await plant.frame(31, data=POISON)
    await plant.store.delete(frame_key("line1", gone.frame_uid))
    for number, ref in enumerate((gone, poison)):
        await judged(plant, ref, number)
    await judged(plant, await plant.frame(51, data=stained(51, 0.4)), 2, model="lid")
    [event] = await plant.outcome(approve(await plant.frame(50, data=stained(50, 0.4))))
    assert (event.kind, event.shadow and event.shadow.frames) == (DONE, 0), event.sentence
