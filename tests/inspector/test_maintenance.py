"""Maintenance in a whole inspector: the window's frames are faults, for every inspector, restarted or not."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from schemas.line_event import LineEvent
from schemas.maintenance import MaintenanceWindow
from schemas.reasons import CommandKind, FaultReason, LineEventKind, VerdictKind
from schemas.topics import TopicKind
from schemas.verdict import Verdict
from service.signing.trust import UNCHECKED
from service.store.keys import frame_key
from tests.extraction.lines import DEFECTIVE, GOOD
from tests.inspector.plant import Plant
from workers.inspector.maintenance import MaintenanceWatch

MAINTENANCE = FaultReason.MAINTENANCE


async def tell(plant: Plant, start: datetime, end: datetime | None, *, off: bool = False) -> None:
    event = LineEvent(
        kind=LineEventKind.COMMAND_DONE,
        line="line1",
        sentence="no part is judged",
        command_id=uuid4(),
        command_kind=CommandKind.SET_MAINTENANCE,
        actor="ann",
        maintenance=MaintenanceWindow(start=start, end=end, off=off),
        at=start,
    )
    producer = await plant.broker.producer()
    await producer.send(plant.topic(TopicKind.LINE_EVENTS), key=b"line1", value=event.to_bytes())


def reasons(verdicts: Sequence[Verdict], line: str = "line1") -> list[FaultReason | None]:
    ours = (verdict for verdict in verdicts if verdict.line == line)
    return [verdict.reason for verdict in sorted(ours, key=lambda verdict: verdict.source.offset)]


async def test_frames_of_a_maintenance_are_stored_faults_without_alert_on_its_line_alone(
    plant: Plant,
) -> None:
    await plant.put_in_force("line1")
    await plant.put_in_force("line2")
    now = datetime.now(UTC)
    await tell(plant, now, now + timedelta(hours=1))
    async with plant.inspecting():
        await plant.send("line1", DEFECTIVE)
        # Nothing is looked at, so nothing is unreadable; what has no bytes can be no frame.
        await plant.send("line1", b"no image")
        await plant.send("line1", b"")
        await plant.send("line2", DEFECTIVE)
        verdicts = await plant.verdicts(3)
        [alert] = await plant.alerts(1)
        assert len(await plant.dead_letters(1)) == 1
    assert reasons(verdicts) == [MAINTENANCE, MAINTENANCE]
    assert alert.line == "line2"
    for verdict in verdicts:
        assert verdict.verdict is (VerdictKind.FAULT if verdict.line == "line1" else VerdictKind.DEFECT)
        assert await plant.store.get(frame_key(verdict.line, verdict.frame_uid)) in (DEFECTIVE, b"no image")
    assert (await plant.committed())[0] == 4


async def test_an_inspector_that_starts_after_the_end_says_of_each_frame_what_one_beside_it_said(
    plant: Plant,
) -> None:
    await plant.put_in_force("line1")
    async with plant.inspecting():
        await plant.send("line1", GOOD)
        await plant.verdicts(1)
        begun = datetime.now(UTC)
        await tell(plant, begun, begun + timedelta(hours=1))
        for count in range(2, 100):
            await plant.send("line1", GOOD)
            if reasons(await plant.verdicts(count))[-1] is MAINTENANCE:
                break
            await asyncio.sleep(0.02)
    await plant.send("line1", GOOD)
    await asyncio.sleep(0.01)
    await tell(plant, datetime.now(UTC), None, off=True)
    await asyncio.sleep(0.01)
    await plant.send("line1", GOOD)
    async with plant.inspecting():
        verdicts = await plant.verdicts(count + 2)
    assert reasons(verdicts)[0] is None
    assert reasons(verdicts)[-3:] == [MAINTENANCE, MAINTENANCE, None]


async def test_a_frame_with_an_impossible_timestamp_is_judged(plant: Plant) -> None:
    topic = plant.topic(TopicKind.LINE_EVENTS)
    now = datetime.now(UTC)
    await tell(plant, now, now + timedelta(hours=1))
    watch = MaintenanceWatch(await plant.broker.reader(topic), topic, UNCHECKED)
    await watch.catch_up()
    seconds = int(now.timestamp() * 1000) + 1000
    assert watch.covers("line1", seconds)
    assert [watch.covers("line1", told) for told in (-1, 2**62)] == [False, False]
    await watch.close()
