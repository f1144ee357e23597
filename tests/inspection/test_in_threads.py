"""Work that is shared out comes back in order, and so does what it raises."""

import threading
from collections.abc import Iterator

import cv2
import faiss
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from service.inspection import in_threads as module
from service.inspection.in_threads import in_threads, pieces


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before, wanted = cv2.getNumThreads(), int(request.param)
    cv2.setNumThreads(wanted)
    yield wanted
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


def test_in_each_of_several_threads_torch_and_faiss_have_one_and_whoever_asks_keeps_its_own() -> None:
    before = cv2.getNumThreads(), torch.get_num_threads()
    module._made.cache_clear()
    cv2.setNumThreads(3)
    torch.set_num_threads(2)
    try:
        told = in_threads(lambda _: (torch.get_num_threads(), faiss.omp_get_max_threads()), range(6))
        assert told == [(1, 1)] * 6
        assert torch.get_num_threads() == 2
        late: list[int] = []
        other = threading.Thread(target=lambda: late.append(torch.get_num_threads()))
        other.start()
        other.join()
        assert late == [2]
    finally:
        cv2.setNumThreads(before[0])
        torch.set_num_threads(before[1])


@given(st.integers(0, 50))
@settings(max_examples=60)
def test_pieces_are_all_rows_in_order_in_equal_shares(count: int) -> None:
    before = cv2.getNumThreads()
    try:
        for wanted in (1, 2, 3, 8):
            cv2.setNumThreads(wanted)
            sizes = [piece.stop - piece.start for piece in pieces(count)]
            assert [row for piece in pieces(count) for row in range(count)[piece]] == list(range(count))
            assert len(sizes) == (wanted if count >= wanted else 1)
            assert max(sizes) - min(sizes) <= 1
    finally:
        cv2.setNumThreads(before)


def test_where_a_thread_cannot_be_started_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before, threads = cv2.getNumThreads(), torch.get_num_threads()
    module._made.cache_clear()
    started: list[object] = []
    start = threading.Thread.start

    def one_alone(thread: threading.Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", one_alone)
    cv2.setNumThreads(3)
    try:
        with pytest.raises(RuntimeError, match="new thread"):
            in_threads(str, range(6))
        assert torch.get_num_threads() == threads
    finally:
        cv2.setNumThreads(before)
