"""The same work on each of a few things, by as many threads as OpenCV was given."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import cv2

Given = TypeVar("Given")
Made = TypeVar("Made")


def in_threads(work: Callable[[Given], Made], given: Iterable[Given]) -> list[Made]:
    """``work`` of each, in order; the first that it raises is raised. For work that OpenCV and numpy do: they
    let go of Python's lock. Blocks until all is done."""
    things = list(given)
    threads = cv2.getNumThreads()
    if min(threads, len(things)) < 2:
        return [work(each) for each in things]
    return list(_pool(threads).map(work, things))


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Made when it is first needed: threads do not survive a fork."""
    return ThreadPoolExecutor(threads, thread_name_prefix="drawing")
