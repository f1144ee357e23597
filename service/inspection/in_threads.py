"""The same work on each of a few things, by as many threads as OpenCV was given."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache
from typing import TypeVar

import cv2

Given = TypeVar("Given")
Made = TypeVar("Made")


def in_threads(work: Callable[[Given], Made], given: Iterable[Given]) -> list[Made]:
    """``work`` of each, in order. For work that OpenCV and numpy do: they let go of Python's lock. Blocks
    until all is done, and then raises the first that this thread's share raised, or else that another's did.

    The caller does a share itself, and shares are as large as can be: to hand one over takes as long as a
    tenth of a drawing.
    """
    things = list(given)
    threads = max(1, min(cv2.getNumThreads(), len(things)))
    others = [_pool(threads - 1).submit(_each, work, things[at::threads]) for at in range(1, threads)]
    try:
        shares = [_each(work, things[::threads])]
    finally:
        wait(others)
    shares += [other.result() for other in others]
    return [shares[at % threads][at // threads] for at in range(len(things))]


def _each(work: Callable[[Given], Made], things: Sequence[Given]) -> list[Made]:
    return [work(thing) for thing in things]


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Made when it is first needed: threads do not survive a fork."""
    return ThreadPoolExecutor(threads, thread_name_prefix="drawing")
