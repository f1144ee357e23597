"""Many products of a few thousand rows: side by side, each by one thread.

BLAS would share each out among its threads and wait for them at its end, which takes a third more time for a
selection of 20,000 of 2,000,000 points, and still more beside other work.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

Given = TypeVar("Given")
Made = TypeVar("Made")
Number = TypeVar("Number", bound=np.generic)

PIECES = 2
"""So few that more goes into products than into making a bank's vectors ready for each."""


class Crew:
    """As many threads as BLAS has, and in the block one thread for BLAS in each of them.

    Mostly it is the process's threads that are limited: of blocks that overlap in several threads the first
    one's end ends it for all, which costs the others time and changes no result. For work that numpy does,
    which lets go of Python's lock. Entering blocks for milliseconds.
    """

    def __init__(self) -> None:
        self.threads = _blas_threads()
        self._open = ExitStack()
        # Limited once more in each thread: a BLAS of OpenMP has a number for each.
        self._pool = ThreadPoolExecutor(self.threads, "side by side", _one_blas_thread)

    def __enter__(self) -> Self:
        self._open.enter_context(_one_blas_thread())
        self._open.enter_context(self._pool)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def each(self, work: Callable[[Given], Made], things: Iterable[Given]) -> list[Made]:
        """``work`` of each thing, in order; the first that it raises is raised. Blocks until all is done."""
        return list(self._pool.map(work, things))


def in_pieces(rows: NDArray[Number]) -> list[NDArray[Number]]:
    """An array along its first axis, which is not empty, in PIECES that are not either."""
    return np.array_split(rows, min(PIECES, len(rows)))


def side_by_side(work: Callable[[Given], Made], things: Iterable[Given]) -> list[Made]:
    """``work`` of each thing by a crew that comes for it alone: see ``Crew.each``."""
    with Crew() as crew:
        return crew.each(work, things)


def _one_blas_thread() -> threadpool_limits:
    return threadpool_limits(1, user_api="blas")


def _blas_threads() -> int:
    found = (each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas")
    return max(found, default=1)
