"""What every sink does, tried on a real counterpart of each kind."""

import asyncio

import pytest

from schemas.reasons import VerdictKind
from schemas.report import Report
from service.sinks.base import Sink, SinkUnavailable
from service.sinks.open import open_sink
from tests.sinks.counterparts import Counterpart, ids
from tests.sinks.reports import report


async def test_what_was_delivered_is_accepted_in_order(counterpart: Counterpart, sink: Sink) -> None:
    reports = [report(number) for number in range(4)]
    for each in reports:
        await sink.deliver(each)
    assert await counterpart.accepted(4) == ids(reports)


async def test_lines_are_told_beside_each_other(counterpart: Counterpart, sink: Sink) -> None:
    ours, theirs = [report(n) for n in range(3)], [report(n, "line2") for n in range(10, 13)]

    async def tell(line: list[Report]) -> None:
        for each in line:
            await sink.deliver(each)

    await asyncio.gather(tell(ours), tell(theirs))
    accepted = await counterpart.accepted(6)
    assert [each for each in accepted if each in ids(ours)] == ids(ours)
    assert [each for each in accepted if each in ids(theirs)] == ids(theirs)


async def test_a_counterpart_that_is_away_is_said_and_accepts_when_it_is_back(
    counterpart: Counterpart, sink: Sink
) -> None:
    await sink.deliver(report(0))
    await counterpart.leave()
    with pytest.raises(SinkUnavailable, match=r"check|mend|correct"):
        await sink.deliver(report(1))
    await counterpart.come_back()
    async with asyncio.timeout(30):
        while True:
            try:
                await sink.deliver(report(1, kind=VerdictKind.DEFECT))
            except SinkUnavailable:
                await asyncio.sleep(0.1)
            else:
                break
    assert set(await counterpart.accepted(2)) == set(ids([report(0), report(1)]))


async def test_opening_does_not_wait_for_the_counterpart(counterpart: Counterpart) -> None:
    await counterpart.leave()
    made = open_sink("early", counterpart.config)
    async with asyncio.timeout(30):
        await made.open()
    with pytest.raises(SinkUnavailable):
        await made.deliver(report(0))
    await made.close()
    await counterpart.come_back()
