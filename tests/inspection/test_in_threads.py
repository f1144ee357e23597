"""Work that is shared out comes back in order, and so does what it raises."""

import threading
from collections.abc import Iterator

import cv2
import pytest

from service.inspection.in_threads import in_threads


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before, given = cv2.getNumThreads(), int(request.param)
    cv2.setNumThreads(given)
    yield given
    cv2.setNumThreads(before)


def test_what_is_made_comes_in_the_order_of_what_was_given(threads: int) -> None:
    assert in_threads(lambda number: number * number, range(20)) == [n * n for n in range(20)]


def test_one_thing_alone_is_done_by_whoever_asks(threads: int) -> None:
    assert in_threads(lambda _: threading.current_thread(), [1]) == [threading.current_thread()]


def test_the_first_failure_is_raised(threads: int) -> None:
    def work(number: int) -> int:
        if number >= 2:
            raise ValueError(f"{number} cannot be done")
        return number

    with pytest.raises(ValueError, match="2 cannot be done"):
        in_threads(work, range(5))
