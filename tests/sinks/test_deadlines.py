"""Laws of the watch over frames: each is answered, or overdue once, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from service.sinks.deadlines import Waiting

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reach"), st.integers(0, 30)),
        st.tuples(st.just("answer"), st.integers(0, 30)),
        st.tuples(st.just("look"), st.just(0)),
    ),
    max_size=60,
)


@given(STEPS)
def test_every_frame_is_answered_or_overdue_exactly_once(steps: list[tuple[str, int]]) -> None:
    waiting, now, end = Waiting(0, 5.0), 0.0, 0
    answered, overdue = set[int](), list[int]()
    for what, number in steps:
        now += 1.0
        if what == "reach":
            waiting.reaches(number, now)
            end = max(end, number)
        elif what == "answer":
            waiting.answered(number)
            answered.add(number)
        else:
            overdue += waiting.overdue(now)
    late = answered & set(overdue)
    overdue += waiting.overdue(now + 5.0)
    assert len(overdue) == len(set(overdue))
    assert set(overdue) | (answered - late) >= set(range(end))
    assert set(overdue) <= set(range(end))
    assert waiting.waiting == 0


def test_no_frame_is_overdue_before_its_time_and_each_is_at_it() -> None:
    waiting = Waiting(7, 2.0)
    waiting.reaches(9, 10.0)
    assert list(waiting.overdue(11.9)) == []
    assert list(waiting.overdue(12.0)) == [7, 8]


def test_a_frame_of_a_slower_line_gets_the_rest_of_its_time() -> None:
    waiting = Waiting(0, 1.0)
    waiting.reaches(1, 0.0)
    assert list(waiting.overdue(1.0)) == [0]
    waiting.wait_for(0, 3.0)
    assert list(waiting.overdue(2.9)) == []
    assert list(waiting.overdue(3.0)) == [0]


def test_time_in_which_no_verdict_could_be_heard_does_not_count() -> None:
    waiting = Waiting(0, 1.0)
    waiting.reaches(2, 0.0)
    waiting.postpone(5.0)
    assert list(waiting.overdue(5.9)) == []
    waiting.answered(0)
    assert list(waiting.overdue(6.0)) == [1]
