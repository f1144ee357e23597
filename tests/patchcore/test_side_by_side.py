"""Shares of a job side by side, and BLAS as it was before."""

import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from service.patchcore.side_by_side import Crew, side_by_side


def blas_threads() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


@given(things=st.lists(st.integers(), max_size=20), threads=st.integers(1, 2))
def test_every_thing_is_in_one_share(things: list[int], threads: int) -> None:
    with threadpool_limits(threads, user_api="blas"):
        shares = side_by_side(list, things)
    assert sorted(thing for share in shares for thing in share) == sorted(things)
    assert len(shares) == min(threads, len(things))


def test_blas_has_one_thread_inside_and_as_many_as_before_after() -> None:
    with threadpool_limits(2, user_api="blas"):
        with Crew():
            assert side_by_side(lambda _: blas_threads(), range(4)) == [{1}]
            assert blas_threads() == {1}
        assert side_by_side(lambda _: blas_threads(), range(4)) == [{1}, {1}]
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
    def work(share: Sequence[int]) -> int:
        if 3 in share:
            raise OSError("the disk is full")
        return len(share)

    with threadpool_limits(2, user_api="blas"):
        with pytest.raises(OSError, match="full"):
            side_by_side(work, range(8))
        assert blas_threads() == {2}
