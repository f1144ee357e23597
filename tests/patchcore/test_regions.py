import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.patchcore.regions import MAX_REGIONS, Region, find_regions

GRIDS = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.floats(0, 9, width=32)
)


@given(grid=GRIDS, threshold=st.floats(0, 9), height=st.integers(1, 300), width=st.integers(1, 300))
def test_regions_lie_inside_and_exist_exactly_when_a_patch_is_above(
    grid: np.ndarray, threshold: float, height: int, width: int
) -> None:
    regions = find_regions(grid, threshold, (height, width))
    assert bool(regions) == (float(grid.max()) > threshold)
    for r in regions:
        assert r.x >= 0
        assert r.y >= 0
        assert r.width >= 1
        assert r.height >= 1
        assert r.x + r.width <= width
        assert r.y + r.height <= height
    if regions:
        assert regions[0].score == float(grid.max())


def test_neighbours_by_a_corner_are_one_region() -> None:
    grid = np.zeros((4, 4), np.float32)
    grid[0, 0], grid[1, 1], grid[3, 3] = 2, 3, 5
    assert find_regions(grid, 1, (40, 80)) == [Region(60, 30, 20, 10, 5.0), Region(0, 0, 40, 20, 3.0)]


def test_the_highest_regions_stay_when_there_are_too_many() -> None:
    grid = np.zeros((20, 20), np.float32)
    grid[::2, ::2] = 1 + np.arange(100).reshape(10, 10)
    regions = find_regions(grid, 0.5, (200, 200))
    assert [r.score for r in regions] == [100.0 - i for i in range(MAX_REGIONS)]


def test_thresholds_are_not_rounded_to_float32() -> None:
    score = np.float32(0.1)
    assert find_regions(np.full((2, 2), score), float(score), (4, 4)) == []
    assert find_regions(np.full((2, 2), score), 0.1, (4, 4))
