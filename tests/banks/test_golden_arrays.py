"""Golden frames in the bank file: read as written, refused where they do not fit, absent in old banks."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load, save

from service.banks.bank_file import read_bank, write_bank
from service.banks.golden import GoldenFrames
from service.banks.refusal import BankRefused, Refusal
from tests.banks.conftest import manifest_of, small_bank

GOLDEN = GoldenFrames(
    np.array([2, 0], np.int32),
    np.array([0.5, 0.25], np.float32),
    np.arange(2 * 8 * 8 * 6).reshape(2, 8, 8, 6).astype(np.float16),
    (b"first", b"second picture"),
)
FILE = write_bank(small_bank(), manifest_of(small_bank()), GOLDEN)


def test_golden_frames_are_read_as_they_were_written() -> None:
    golden = read_bank(FILE).golden
    assert golden is not None
    assert golden.pictures == GOLDEN.pictures
    for name in ("parts", "scores", "features"):
        assert np.array_equal(getattr(golden, name), getattr(GOLDEN, name))


def test_a_bank_from_before_golden_frames_still_loads() -> None:
    data = write_bank(small_bank(), manifest_of(small_bank()))
    arrays, old = load(data), manifest_of(small_bank()).model_dump_json(exclude={"precision"})
    assert read_bank(save(arrays, metadata={"manifest": old})).golden is None


@pytest.mark.parametrize(
    "arrays",
    [
        {"golden_parts": None},
        {"golden_parts": np.array([2, 4], np.int32)},
        {"golden_parts": np.array([-1, 0], np.int32)},
        {"golden_parts": np.zeros(0, np.int32)},
        {"golden_parts": np.array([[2, 0]], np.int32)},
        {"golden_scores": np.zeros(3, np.float32)},
        {"golden_scores": np.zeros(2, np.float16)},
        {"golden_features": np.zeros((2, 8, 8, 5), np.float16)},
        {"golden_features": np.zeros((2, 4, 8, 6), np.float16)},
        {"golden_sizes": np.array([5, 15], np.int32)},
        {"golden_sizes": np.array([-1, 20], np.int32)},
        {"golden_sizes": np.array([2**31 - 1, -(2**31) + 20], np.int32)},
    ],
)
def test_golden_frames_that_do_not_fit_their_bank_are_refused(arrays: dict[str, NDArray[Any] | None]) -> None:
    kept = {name: array for name, array in {**load(FILE), **arrays}.items() if array is not None}
    with pytest.raises(BankRefused) as refused:
        read_bank(save(kept, metadata={"manifest": manifest_of(small_bank()).canonical()}))
    assert refused.value.reason is Refusal.WRONG_SHAPE


def test_golden_values_that_are_not_finite_are_refused() -> None:
    for name in ("golden_scores", "golden_features"):
        arrays = load(FILE)
        arrays[name].flat[0] = np.nan
        with pytest.raises(BankRefused) as refused:
            read_bank(save(arrays, metadata={"manifest": manifest_of(small_bank()).canonical()}))
        assert refused.value.reason is Refusal.NOT_FINITE
