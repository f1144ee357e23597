"""Laws of the sink: each effective verdict told in order until accepted; no part passes for want of one."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import stamina

from schemas.reasons import ReportKind, VerdictKind
from service.settings import DeadlineSettings
from tests.sink.factory import Factory
from tests.sinks.reports import verdict

Make = Callable[..., Any]


@pytest.fixture
async def make(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    async def made(deadlines: DeadlineSettings | None = None, **config: Any) -> Factory:
        factory = Factory(monkeypatch, deadlines or DeadlineSettings(), **config)
        await factory.open()
        return factory

    monkeypatch.setattr("workers.sink.lanes.LONGEST_PAUSE", 0.2)
    yield made
    stamina.set_testing(False)


def frame_ids(factory: Factory, line: str = "line1") -> list[str | None]:
    return [report.frame_id for report in factory.hand.told if report.line == line]


async def test_each_effective_verdict_is_told_once_and_in_the_order_of_its_line(make: Make) -> None:
    factory = await make()
    async with factory.telling():
        for offset in range(4):
            await factory.say(verdict(offset, "line1" if offset % 2 else "line2"))
        await factory.say(verdict(1, "line1", VerdictKind.DEFECT))
        await factory.say(verdict(5))
        told = await factory.told(5)
    assert frame_ids(factory) == ["frame-1", "frame-3", "frame-5"]
    assert frame_ids(factory, "line2") == ["frame-0", "frame-2"]
    assert all(report.good for report in told)
    assert await factory.committed() == {0: 6, 1: 0}


async def test_no_offset_is_committed_before_the_counterpart_accepted(make: Make) -> None:
    factory = await make()
    async with factory.telling():
        await factory.say(verdict(0))
        await factory.told(1)
        factory.hand.away.add("*")
        await factory.say(verdict(1))
        await factory.until(lambda: factory.hand.tries >= 3)
        await asyncio.sleep(0.4)
        assert (await factory.committed())[0] == 1
        factory.hand.away.clear()
        await factory.told(2)
    assert (await factory.committed())[0] == 2


async def test_what_came_while_no_sink_ran_is_told_and_what_was_told_is_not_told_again(make: Make) -> None:
    factory = await make()
    async with factory.telling():
        await factory.say(verdict(0))
        await factory.told(1)
    await factory.say(verdict(0, kind=VerdictKind.DEFECT))
    await factory.say(verdict(1))
    async with factory.telling():
        await factory.told(2)
    assert frame_ids(factory) == ["frame-0", "frame-1"]


async def test_a_new_sink_begins_with_now(make: Make) -> None:
    factory = await make()
    await factory.say(verdict(0))
    async with factory.telling():
        await factory.say(verdict(1))
        await factory.told(1)
    assert frame_ids(factory) == ["frame-1"]


async def test_a_sink_that_ends_before_its_first_report_misses_nothing_after_it(make: Make) -> None:
    factory = await make()
    async with factory.telling():
        pass
    await factory.say(verdict(0))
    async with factory.telling():
        await factory.told(1)


async def test_a_line_that_is_not_accepted_holds_no_other(make: Make) -> None:
    factory = await make()
    async with factory.telling():
        factory.hand.hanging.add("line1")
        await factory.say(verdict(0, "line1"))
        await factory.say(verdict(1, "line2"))
        await factory.told(1)
        factory.hand.hanging.clear()
        await factory.told(2)


async def test_what_waits_is_bounded_and_all_is_told_in_the_end(make: Make) -> None:
    factory = await make(backlog=4)
    async with factory.telling():
        factory.hand.away.add("*")
        for offset in range(300):
            await factory.say(verdict(offset))
        await factory.until(lambda: factory.hand.tries >= 2)
        factory.hand.away.clear()
        await factory.told(300)
    assert frame_ids(factory) == [f"frame-{offset}" for offset in range(300)]


async def test_a_refused_report_is_set_aside_with_its_reason_and_the_next_is_told(make: Make) -> None:
    factory = await make()
    factory.hand.refused.add("bad")
    async with factory.telling():
        await factory.say(verdict(0, part_id="bad"))
        await factory.say(verdict(1, part_id="fine"))
        await factory.told(1)
    (letter,) = [entry async for entry in factory.store.list("sink-letters/mes/line1")]
    kept = json.loads(await factory.store.get(letter.key))
    assert (kept["reason"], kept["report"]["part_id"]) == ("it will not have it", "bad")
    assert (await factory.committed())[0] == 2


async def test_a_report_that_is_given_up_is_set_aside(make: Make) -> None:
    factory = await make(give_up_seconds=0.3)
    async with factory.telling():
        factory.hand.away.add("line1")
        await factory.say(verdict(0, "line1"))
        await factory.say(verdict(1, "line2"))
        await factory.told(1)
        await asyncio.sleep(0.8)
    assert [entry async for entry in factory.store.list("sink-letters/mes/line1")]
    assert (await factory.committed())[0] == 2


async def test_the_filter_lets_through_what_is_wanted_and_what_is_late(make: Make) -> None:
    factory = await make(lines=["line1"], verdicts=["defect"], cameras=["left"])
    async with factory.telling():
        await factory.say(verdict(0, "line2", VerdictKind.DEFECT, camera="left"))
        await factory.say(verdict(1, kind=VerdictKind.OK, camera="left"))
        await factory.say(verdict(2, kind=VerdictKind.DEFECT, camera="right"))
        await factory.say(verdict(3, kind=VerdictKind.DEFECT, camera="left", replay_of="frames/0/1"))
        await factory.say(verdict(4, kind=VerdictKind.OK, camera="left", late=True))
        await factory.say(verdict(5, kind=VerdictKind.DEFECT, camera="left"))
        await factory.told(2)
    assert frame_ids(factory) == ["frame-4", "frame-5"]
    assert (await factory.committed())[0] == 6


async def test_a_record_that_is_no_verdict_is_passed_over(make: Make) -> None:
    factory = await make()
    async with factory.telling():
        await factory.producer.send("patchline.verdicts", key=b"line1", value=b"{}", partition=0)
        await factory.say(verdict(0))
        await factory.told(1)
    assert (await factory.committed())[0] == 2


async def test_a_frame_without_a_verdict_by_its_deadline_is_told_as_not_good(make: Make) -> None:
    factory = await make(DeadlineSettings(lines={"line1": 200}))
    async with factory.telling():
        answered = await factory.frame()
        await factory.say(verdict(answered.offset))
        unanswered = await factory.frame(part="p7")
        await factory.frame("line2")
        told = await factory.told(2)
        assert (told[1].kind, told[1].good, told[1].part_id) == (ReportKind.MISSING, False, "p7")
        await factory.say(verdict(unanswered.offset, part_id="p7"))
        told = await factory.told(3)
        assert (told[2].kind, told[2].good, told[2].late) == (ReportKind.VERDICT, False, True)
        await asyncio.sleep(0.5)
    assert len(factory.hand.told) == 3


async def test_deadlines_are_each_lines_own(make: Make) -> None:
    factory = await make(DeadlineSettings(lines={"line1": 100, "slow": 60_000}))
    async with factory.telling():
        await factory.frame("slow")
        await factory.frame("line1")
        told = await factory.told(1)
        await asyncio.sleep(0.3)
    assert [report.line for report in told] == ["line1"]


async def test_frames_that_wait_only_for_the_counterpart_are_not_missing(make: Make) -> None:
    factory = await make(DeadlineSettings(default_ms=200), backlog=2)
    async with factory.telling():
        factory.hand.away.add("*")
        for _ in range(12):
            placed = await factory.frame()
            await factory.say(verdict(placed.offset))
        await asyncio.sleep(0.8)
        factory.hand.away.clear()
        told = await factory.told(12)
    assert {report.kind for report in told} == {ReportKind.VERDICT}


async def test_views_of_one_part_are_one_report_and_a_missing_view_is_not_good(make: Make) -> None:
    join = {"line": "station", "views": ["left", "right"], "seconds": 0.5}
    factory = await make(join=join)
    async with factory.telling():
        await factory.say(verdict(0, "left", part_id="p1"))
        await factory.say(verdict(0, "right", part_id="p1", partition=1))
        await factory.say(verdict(1, "left", part_id="p2"))
        await factory.say(verdict(2, "right", VerdictKind.DEFECT, part_id="p3", partition=1))
        await factory.say(verdict(3, "left", part_id="p3"))
        await factory.say(verdict(4, "left"))
        told = {report.part_id: report for report in await factory.told(4)}
    assert {part: report.good for part, report in told.items()} == {
        "p1": True,
        "p2": False,
        "p3": False,
        None: False,
    }
    assert {report.line for report in told.values()} == {"station"}
    assert [(view.name, view.good) for view in told["p2"].views] == [("left", True), ("right", False)]
    assert await factory.committed() == {0: 4, 1: 2}


async def test_a_missing_verdict_makes_its_joined_part_not_good(make: Make) -> None:
    join = {"line": "station", "views": ["left", "right"], "seconds": 30.0}
    factory = await make(DeadlineSettings(default_ms=200), join=join)
    async with factory.telling():
        await factory.frame("left", part="p1")
        placed = await factory.frame("right", partition=1, part="p1")
        await factory.say(verdict(placed.offset, "right", partition=1, part_id="p1"))
        (told,) = await factory.told(1)
    assert (told.part_id, told.good, len(told.views)) == ("p1", False, 2)


async def test_alerts_are_told_once_each(make: Make) -> None:
    from schemas.alert import Alert
    from tests.schemas.test_messages import a_verdict

    factory = await make(source="alerts")
    alert = Alert.of(a_verdict())
    async with factory.telling():
        for _ in range(2):
            await factory.producer.send("patchline.alerts", key=b"line1", value=alert.to_bytes(), partition=0)
        (told,) = await factory.told(1)
        await asyncio.sleep(0.2)
    assert len(factory.hand.told) == 1
    assert (told.kind, told.good, told.report_id) == (ReportKind.ALERT, False, alert.alert_id)
