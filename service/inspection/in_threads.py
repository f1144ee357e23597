"""The same work on each of a few things, by as many threads as OpenCV was given."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

import cv2

Given = TypeVar("Given")
Made = TypeVar("Made")


def in_threads(work: Callable[[Given], Made], given: Iterable[Given]) -> list[Made]:
    """``work`` of each, in order; the first that it raises is raised. For work that OpenCV and numpy do: they
    let go of Python's lock. Blocks until all is done.

    The caller does a share itself, and shares are as large as can be: to hand one over takes as long as a
    tenth of a drawing.
    """
    things = list(given)
    threads = max(1, min(cv2.getNumThreads(), len(things)))
    others = [_pool(threads - 1).submit(_each, work, things[at::threads]) for at in range(1, threads)]
    shares = [_each(work, things[::threads]), *(other.result() for other in others)]
    made = []
    for at in range(len(things)):
        share = shares[at % threads]
        if at // threads == len(share.made) and share.failure is not None:
            raise share.failure
        made.append(share.made[at // threads])
    return made


@dataclass
class _Share(Generic[Made]):
    made: list[Made]
    failure: Exception | None = None


def _each(work: Callable[[Given], Made], things: Sequence[Given]) -> _Share[Made]:
    share = _Share[Made]([])
    try:
        for thing in things:
            share.made.append(work(thing))
    except Exception as failure:  # noqa: BLE001 - raised again, where it is known whether it is the first
        share.failure = failure
    return share


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Made when it is first needed: threads do not survive a fork."""
    return ThreadPoolExecutor(threads, thread_name_prefix="drawing")
