"""Laws of a line's breaker in a whole inspector."""

from dataclasses import replace

from schemas.line_event import LineEvent
from schemas.reasons import DeadLetterReason, FaultReason, LineEventKind
from schemas.topics import TopicKind
from service.inspection.breaker import BreakerRules, Passage
from service.settings import BreakerSettings
from service.store.keys import frame_key
from tests.extraction.lines import GOOD
from tests.inspector.plant import Plant
from tests.inspector.test_first_verdicts import job
from workers.extraction.protocol import Unfit, Unreadable
from workers.inspector.breakers import Breakers

# One that ends early, and one that is nothing.
CUT, GARBAGE = GOOD[:-30], b"no image"


async def test_a_line_of_bad_input_trips_its_own_breaker_and_no_other_and_heals(plant: Plant) -> None:
    breaker = BreakerSettings(run_length=3, probe_every=2, close_after=2)
    plant.settings = plant.settings.model_copy(update={"breaker": breaker})
    await plant.put_in_force("line1")
    async with plant.inspecting():
        for data in (GARBAGE, CUT, GARBAGE):
            await plant.send("line1", data)
        await plant.dead_letters(3)
        for data in (CUT, GARBAGE, GARBAGE, CUT):
            await plant.send("line1", data)
        await plant.send("other", GOOD)
        await plant.verdicts(5)
        for count in range(6, 10):
            await plant.send("line1", GOOD)
            verdicts = await plant.verdicts(count)
    assert len(await plant.dead_letters(3)) == 3
    open_, healed = FaultReason.BREAKER_OPEN, None
    reasons = {v.source.offset: v.reason for v in verdicts if v.line == "line1"}
    # The fourth to the seventh are not looked at or are bad probes, the next is no probe, and two close it.
    assert [reasons[offset] for offset in (3, 4, 5, 6, 8, 9, 10, 11)] == [open_] * 5 + [healed] * 3
    (other,) = [verdict for verdict in verdicts if verdict.line == "other"]
    assert other.reason == FaultReason.NO_BANK
    for verdict in verdicts:
        stored = await plant.store.get(frame_key(verdict.line, verdict.frame_uid))
        assert stored in (GOOD, CUT, GARBAGE)
    told = await plant.records(TopicKind.LINE_EVENTS)
    events = [LineEvent.from_bytes(record.value or b"") for record in told]
    assert [(event.kind, event.breaker_open) for event in events] == [
        (LineEventKind.BREAKER, True),
        (LineEventKind.BREAKER, False),
    ]
    assert (await plant.committed())[0] == 12


def test_a_frame_that_kills_workers_weighs_ten_and_a_flat_one_nothing() -> None:
    breakers, envelope = Breakers(BreakerRules()), job(0).envelope
    for _ in range(100):
        breakers.concluded(envelope, Passage.THROUGH, Unfit("flat", 8, 8))
    assert breakers.events() == []
    killer = Unreadable(DeadLetterReason.KILLS_WORKER.value, "It kills.")
    breakers.concluded(envelope, Passage.THROUGH, killer)
    assert breakers.events() == []
    breakers.concluded(envelope, Passage.THROUGH, killer)
    assert [event.breaker_open for event in breakers.events()] == [True]


def test_lines_past_the_bound_begin_anew() -> None:
    breakers = Breakers(BreakerRules(run=1), max_lines=1)
    one = job(0).envelope
    breakers.rejected(one, Passage.THROUGH)
    assert breakers.admit(one) is Passage.REFUSED
    breakers.admit(replace(one, line="line2"))
    assert breakers.admit(one) is Passage.THROUGH
