"""Shares of a job side by side, and BLAS as it was before."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from service.patchcore.side_by_side import Crew, side_by_side


def blas_threads() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


@given(things=st.lists(st.integers(), max_size=20), threads=st.integers(1, 2))
def test_what_is_made_of_each_thing_comes_in_the_order_of_the_things(things: list[int], threads: int) -> None:
    with threadpool_limits(threads, user_api="blas"):
        with Crew() as crew:
            assert crew.threads == threads
        assert side_by_side(str, things) == [str(thing) for thing in things]


def test_blas_has_one_thread_inside_and_as_many_as_before_after() -> None:
    with threadpool_limits(2, user_api="blas"):
        with Crew():
            assert side_by_side(lambda _: blas_threads(), range(4)) == 4 * [{1}]
            assert blas_threads() == {1}
        assert side_by_side(lambda _: blas_threads(), range(4)) == 4 * [{1}]
        assert blas_threads() == {2}


def test_blocks_of_several_threads_that_overlap_leave_blas_as_it_was() -> None:
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with Crew():
            entered.set()
            leave.wait(10)

    with threadpool_limits(2, user_api="blas"):
        thread = threading.Thread(target=other)
        with Crew():
            thread.start()
            entered.wait(10)
        leave.set()
        thread.join()
        assert blas_threads() == {2}


def test_what_a_share_raises_is_raised_and_blas_is_as_it_was() -> None:
    def work(thing: int) -> int:
        if thing == 3:
            raise OSError("the disk is full")
        return thing

    with threadpool_limits(2, user_api="blas"):
        with pytest.raises(OSError, match="full"):
            side_by_side(work, range(8))
        assert blas_threads() == {2}
