"""Maintenance as the rebuilder takes it: from when it was asked for, with an end; or refused, and why."""

from datetime import datetime, timedelta

import pytest

from schemas.command import SetMaintenance
from schemas.reasons import LineEventKind
from service.banks.activation_writer import utc_now
from tests.rebuilder.plant import Plant, asked

DONE, REFUSED = LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED


def in_hours(hours: float) -> datetime:
    return utc_now() + timedelta(hours=hours)


def window(start: float, end: float | None, *, off: bool = False, line: str = "line1") -> SetMaintenance:
    until = None if end is None else in_hours(end)
    more = {"start": in_hours(start), "end": until, "off": off, "issued_at": in_hours(0), "why": "new lamp"}
    return SetMaintenance.model_validate({**asked(line), **more})


async def test_a_window_reaches_back_no_further_than_to_when_it_was_asked_for(plant: Plant) -> None:
    await plant.set_up()
    past, coming = window(-5, 1), window(2, 3)
    told = await plant.outcome(past, coming)
    for event, command, start in zip(told, (past, coming), (past.issued_at, coming.start), strict=True):
        assert event.kind is DONE, event.sentence
        assert event.maintenance is not None
        assert (event.maintenance.start, event.maintenance.end) == (start, command.end)
        assert (event.actor, event.maintenance.why) == ("eve", "new lamp")
    assert len(await plant.history()) == 1


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (window(1, None), "has no end"),
        (window(2, 1), "before it begins"),
        (window(-3, -1), "before it begins"),
        (window(0, 24 * 40), "longer than 31 days"),
        (window(0, None, off=True), "has no maintenance after"),
        (window(0, 1, line="nobody"), "line nobody has no bank yet"),
    ],
)
async def test_an_impossible_window_is_refused_with_the_reason(
    plant: Plant, command: SetMaintenance, says: str
) -> None:
    await plant.set_up()
    [event] = await plant.outcome(command)
    assert event.kind is REFUSED
    assert says in event.sentence
    assert event.maintenance is None


async def test_a_window_is_ended_and_then_there_is_none_to_end(plant: Plant) -> None:
    await plant.set_up()
    events = await plant.outcome(window(0, 2), window(1, None, off=True), window(1, None, off=True))
    assert [event.kind for event in events] == [DONE, DONE, REFUSED]
