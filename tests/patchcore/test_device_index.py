"""The laws of the search on a device, which hold on a CPU that is named like one."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from service.patchcore import device_index
from service.patchcore.device_index import DeviceIndex
from service.patchcore.exact_index import ExactIndex
from service.patchcore.levels import fused, level_distances
from service.patchcore.search import index_of

DEVICE = "cpu:0"


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 40), st.sampled_from([0.0, 300.0]))
def test_every_distance_is_the_exact_one(seed: int, size: int, count: int, far: float) -> None:
    rng = np.random.default_rng(seed)
    vectors = (rng.standard_normal((size, 12)) + far).astype(np.float16)
    queries = (rng.standard_normal((count, 12)) + far).astype(np.float32)
    queries[::3] = vectors[rng.integers(size)]
    found = DeviceIndex(vectors, DEVICE).nearest(queries)
    np.testing.assert_allclose(found, ExactIndex(vectors).nearest(queries), rtol=1e-4, atol=1e-5)


def test_what_is_searched_in_pieces_is_found_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    vectors, queries = (rng.standard_normal((n, 9)).astype(np.float32) for n in (50, 33))
    whole = DeviceIndex(vectors, DEVICE).nearest(queries)
    monkeypatch.setattr(device_index, "CHUNK_VALUES", 7 * 50)
    assert np.allclose(DeviceIndex(vectors, DEVICE).nearest(torch.from_numpy(queries)), whole, rtol=1e-6)


def test_no_patches_have_no_distances() -> None:
    index = DeviceIndex(np.ones((2, 3), np.float32), DEVICE)
    assert index.nearest(np.empty((0, 3), np.float32)).shape == (0,)


def test_what_cannot_be_searched_is_refused() -> None:
    index = DeviceIndex(np.ones((2, 3), np.float32), DEVICE)
    with pytest.raises(ValueError, match="3 dimensions"):
        index.nearest(np.ones((1, 4), np.float32))
    with pytest.raises(ValueError, match="no bank"):
        DeviceIndex(np.ones((0, 3), np.float32), DEVICE)
    index.close()
    index.close()
    with pytest.raises(RuntimeError, match="closed"):
        index.nearest(np.ones((1, 3), np.float32))


@pytest.mark.parametrize("search", ["certified", "exact"])
def test_a_device_without_faiss_searches_by_a_product(search: str) -> None:
    vectors = np.random.default_rng(3).standard_normal((5000, 8)).astype(np.float16)
    assert isinstance(index_of(vectors, (), search=search, device=DEVICE), DeviceIndex)  # type: ignore[arg-type]
    levelled = index_of(vectors, (3, 5), search=search, device=DEVICE)  # type: ignore[arg-type]
    assert isinstance(levelled, DeviceIndex)
    assert levelled.name == "2 levels, device"


def test_the_distances_of_levels_are_added_up_on_the_device() -> None:
    random = np.random.default_rng(4)
    vectors, queries = (random.standard_normal((count, 8)).astype(np.float32) for count in (300, 700))
    wanted = fused(level_distances(queries, vectors, (3, 5)))
    np.testing.assert_allclose(DeviceIndex(vectors, DEVICE, (3, 5)).nearest(queries), wanted, rtol=1e-5)
