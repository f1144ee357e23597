"""Many products of a few thousand rows: side by side, each by one thread.

BLAS would share each out among its threads and wait for them at its end, which takes longer than it saves: a
selection of 1,024 of 102,400 patches takes a quarter less by one thread than by two.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_info, threadpool_limits

Given = TypeVar("Given")
Made = TypeVar("Made")


def one_blas_thread() -> threadpool_limits:
    """A block in which whoever asks for one of numpy's products computes it alone. Mostly it is the process's
    threads that are limited: of blocks that overlap in several threads the first one's end ends it for all,
    which costs the others time and changes no result. Blocks for milliseconds at its beginning."""
    return threadpool_limits(1, user_api="blas")


def side_by_side(work: Callable[[Sequence[Given]], Made], things: Sequence[Given]) -> list[Made]:
    """``work`` of as many shares of the things as BLAS has threads, each in a thread of its own; the first
    that it raises is raised. A share is every so manieth thing, in order. For work that numpy does, which
    lets go of Python's lock. Blocks until all is done."""
    threads = _blas_threads()

    def alone(share: Sequence[Given]) -> Made:
        # Again in the thread itself: a BLAS of OpenMP has a limit for each.
        with one_blas_thread():
            return work(share)

    with one_blas_thread(), ThreadPoolExecutor(threads, "side by side") as pool:
        return list(pool.map(alone, [things[at::threads] for at in range(min(threads, len(things)))]))


def _blas_threads() -> int:
    found = (each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas")
    return max(found, default=1)
