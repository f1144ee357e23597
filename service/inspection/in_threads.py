"""The same work on each of a few things, by as many threads as OpenCV was given."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from threading import Barrier, Lock
from typing import Generic, TypeVar

import cv2
import faiss
import torch

Given = TypeVar("Given")
Made = TypeVar("Made")


def in_threads(work: Callable[[Given], Made], given: Iterable[Given]) -> list[Made]:
    """``work`` of each, in order; the first that it raises is raised. For work that OpenCV, numpy, torch and
    FAISS do: they let go of Python's lock. Blocks until all is done.

    One thing alone is done by the caller, with all the threads that the libraries have; several by threads
    of their own, in each of which torch and FAISS have one: shared out among threads, a piece of work that
    takes a tenth of a millisecond waits for them as long again. Shares are as large as can be: to hand one
    over takes as long as a tenth of a drawing. ``work`` may not come here itself: it would wait for its own
    thread.
    """
    things = list(given)
    threads = min(cv2.getNumThreads(), len(things))
    if threads <= 1:
        return [work(thing) for thing in things]
    pool = _pool(cv2.getNumThreads())
    shares = [pool.submit(_each, work, things[at::threads]) for at in range(threads)]
    ended = [share.result() for share in shares]
    made = []
    for at in range(len(things)):
        share = ended[at % threads]
        if at // threads == len(share.made) and share.failure is not None:
            raise share.failure
        made.append(share.made[at // threads])
    return made


def pieces(count: int) -> list[slice]:
    """So many rows in equal pieces, one for each thread. Where some would have none they stay one piece, for
    the libraries to share out."""
    threads = max(1, cv2.getNumThreads())
    several = threads if count >= threads else 1
    bounds = [count * at // several for at in range(several + 1)]
    return [slice(begin, end) for begin, end in pairwise(bounds)]


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


def _pool(threads: int) -> ThreadPoolExecutor:
    """Made when it is first needed: threads do not survive a fork."""
    with _making:
        return _made(threads)


_making = Lock()


@lru_cache(maxsize=1)
def _made(threads: int) -> ThreadPoolExecutor:
    before = torch.get_num_threads()
    pool, all_there = ThreadPoolExecutor(threads, "shares", _alone), Barrier(threads)
    try:
        for started in [pool.submit(all_there.wait) for _ in range(threads)]:
            started.result()
    finally:
        # Where one could not be started, the others wait for it no longer.
        all_there.abort()
        # What one thread says goes in torch for all that come after it too.
        torch.set_num_threads(before)
    return pool


def _alone() -> None:
    torch.set_num_threads(1)
    # A thread takes over what goes for all when it first asks: now, while that is one.
    torch.get_num_threads()
    faiss.omp_set_num_threads(1)
