import gc
from pathlib import Path

import numpy as np
import pytest

from service.training.spool import ByName, FeatureSpool, Picked


def spooled(count: int) -> tuple[FeatureSpool, list[np.ndarray]]:
    rows = [np.random.default_rng(n).standard_normal((3, 4, 5)).astype(np.float16) for n in range(count)]
    spool = FeatureSpool()
    for each in rows:
        spool.append(each)
    return spool, rows


def test_what_was_spooled_is_read_back_in_any_order() -> None:
    spool, rows = spooled(6)
    assert len(spool) == 6
    for number in (5, 0, 3, -1):
        assert np.array_equal(spool[number], rows[number])
    assert np.array_equal(np.stack(spool[1:3]), np.stack(rows[1:3]))
    assert len(list(spool)) == 6


def test_reading_goes_on_between_writes() -> None:
    spool, rows = spooled(2)
    assert np.array_equal(spool[1], rows[1])
    spool.append(rows[0])
    assert np.array_equal(spool[2], rows[0])


def test_another_shape_is_refused() -> None:
    spool, rows = spooled(1)
    with pytest.raises(ValueError, match="extract again"):
        spool.append(rows[0][:2])
    with pytest.raises(IndexError):
        spool[1]


def test_some_are_picked_and_named_without_being_read() -> None:
    spool, rows = spooled(4)
    picked = Picked(spool, [3, 1])
    assert np.array_equal(picked[0], rows[3])
    named = ByName(["c", "a"], picked)
    assert list(named) == ["c", "a"]
    assert np.array_equal(named["a"], rows[1])


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_the_file_is_gone_with_the_last_reference() -> None:
    gc.collect()  # what failed tests left open may go now, and not in between
    before = open_files()
    spool, _ = spooled(1)
    assert open_files() == before + 1
    del spool
    gc.collect()
    assert open_files() == before
