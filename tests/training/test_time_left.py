import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.training.time_left import TimeLeft


def test_an_even_pace_is_foretold_exactly() -> None:
    seconds = iter(range(100))
    left = TimeLeft(lambda: 3.0 * next(seconds))
    told = [left.told(done, 50) for done in range(51)]
    assert told[0] is None
    assert told[1:] == pytest.approx([3.0 * (50 - done) for done in range(1, 51)])


def test_a_slow_beginning_is_forgotten() -> None:
    moments = iter([0.0, 100.0, 101.0, 102.0, 104.0])
    left = TimeLeft(lambda: next(moments))
    for done in (0, 10, 20, 40):
        left.told(done, 100)
    assert left.told(80, 100) == pytest.approx(1.0)


@given(steps=st.lists(st.tuples(st.integers(0, 40), st.floats(0, 60)), min_size=1, max_size=40))
def test_no_time_left_is_negative_and_none_is_left_at_the_end(steps: list[tuple[int, float]]) -> None:
    now, done, expected = 0.0, 0, sum(more for more, _ in steps)
    left = TimeLeft(lambda: now)
    for more, seconds in steps:
        now, done = now + seconds, done + more
        told = left.told(done, expected)
        assert told is None or told >= 0
    assert left.told(expected, expected) in (0, None)
