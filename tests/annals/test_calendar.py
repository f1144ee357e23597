"""Laws of the calendar: the last word on a moment counts, whoever reads and however often."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from schemas.line_event import LineEvent
from schemas.maintenance import MaintenanceWindow
from schemas.reasons import CommandKind, LineEventKind
from service.annals.calendar import Calendar, Span

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOURS = 24


def at(hour: int) -> datetime:
    return NOON + timedelta(hours=hour)


def told(number: int, start: int, end: int | None, *, off: bool = False, line: str = "line1") -> LineEvent:
    window = MaintenanceWindow(start=at(start), end=None if end is None else at(end), off=off)
    return LineEvent(
        kind=LineEventKind.COMMAND_DONE,
        line=line,
        sentence="told",
        command_id=UUID(int=number),
        command_kind=CommandKind.SET_MAINTENANCE,
        actor="ann",
        maintenance=window,
        at=NOON,
    )


def calendar(*events: LineEvent) -> Calendar:
    made = Calendar()
    for event in events:
        made.tell(event)
    return made


def covered(made: Calendar, line: str = "line1") -> set[int]:
    return {hour for hour in range(-1, HOURS + 2) if made.covers(line, at(hour))}


def test_a_window_is_cut_short_moved_and_called_off_by_later_ones() -> None:
    one = told(1, 2, 8)
    assert covered(calendar(one)) == {2, 3, 4, 5, 6, 7}
    assert covered(calendar(one), "line2") == set()
    cut = told(2, 5, None, off=True)
    assert covered(calendar(one, cut)) == {2, 3, 4}
    assert covered(calendar(one, cut, told(3, 6, 8))) == {2, 3, 4, 6, 7}
    gap = told(2, 4, 6, off=True)
    assert calendar(one, gap).spans("line1", at(3)) == [
        Span(at(2), at(4), "ann", ""),
        Span(at(6), at(8), "ann", ""),
    ]
    assert calendar(one, gap).spans("line1", at(4)) == [Span(at(6), at(8), "ann", "")]


def test_only_the_first_result_of_a_command_counts_and_no_refusal_does() -> None:
    refused = told(1, 0, 9).model_copy(update={"kind": LineEventKind.COMMAND_REFUSED})
    assert covered(calendar(refused)) == set()
    assert covered(calendar(told(1, 0, 2), told(1, 0, 9))) == {0, 1}


WINDOWS = st.lists(
    st.tuples(st.integers(0, HOURS), st.integers(1, HOURS), st.booleans()).map(
        lambda drawn: (drawn[0], min(drawn[0] + drawn[1], HOURS), drawn[2])
    ),
    max_size=6,
)


@given(WINDOWS)
def test_the_spans_are_the_moments_that_the_last_words_cover(windows: list[tuple[int, int, bool]]) -> None:
    events = [told(number, start, end, off=off) for number, (start, end, off) in enumerate(windows)]
    made = calendar(*events, *events)
    last: dict[int, bool] = {}
    for start, end, off in windows:
        last |= dict.fromkeys(range(start, end), not off)
    wanted = {hour for hour, on in last.items() if on}
    assert covered(made) == wanted
    spans = made.spans("line1", at(-1))
    assert {
        hour for hour in range(HOURS + 1) for span in spans if span.start <= at(hour) < span.end
    } == wanted
    assert all(one.end < two.start for one, two in pairwise(spans))


def test_a_frame_of_the_millisecond_in_which_a_window_begins_is_in_it() -> None:
    begun = datetime(2026, 1, 31, 12, 0, 0, 551_421, tzinfo=UTC)
    calendar = Calendar()
    window = MaintenanceWindow(start=begun, end=begun + timedelta(hours=1))
    calendar.tell(
        LineEvent(
            kind=LineEventKind.COMMAND_DONE,
            line="line1",
            sentence="no part is judged",
            command_id=UUID(int=1),
            maintenance=window,
            at=begun,
        )
    )
    assert calendar.covers("line1", begun.replace(microsecond=551_000))
    assert not calendar.covers("line1", begun.replace(microsecond=550_999))
