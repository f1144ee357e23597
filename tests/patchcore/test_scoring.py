import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.patchcore.recipe import ScoreMode
from service.patchcore.scoring import image_score, patch_scores

GRIDS = hnp.arrays(np.float32, (3, 4, 5), elements=st.floats(0, 100, width=32))
MODES = st.sampled_from(["max", "max-minus-half-median"])


@given(distances=GRIDS, mode=MODES)
def test_the_score_is_the_highest_patch_to_the_bit(distances: np.ndarray, mode: ScoreMode) -> None:
    assert np.array_equal(image_score(distances, mode), patch_scores(distances, mode).max(axis=(1, 2)))


@given(distances=GRIDS, mode=MODES)
def test_a_picture_scores_the_same_alone_and_in_a_batch(distances: np.ndarray, mode: ScoreMode) -> None:
    assert [float(image_score(d, mode)) for d in distances] == image_score(distances, mode).tolist()


def test_half_the_median_is_taken_off() -> None:
    grid = np.array([[1.0, 2.0], [4.0, 9.0]], np.float32)
    assert float(image_score(grid, "max")) == 9
    assert float(image_score(grid, "max-minus-half-median")) == 7.5


def test_a_shift_of_all_patches_counts_half() -> None:
    grid = np.random.default_rng(0).random((6, 6)).astype(np.float32)
    shifted = float(image_score(grid + 1, "max-minus-half-median"))
    assert shifted == pytest.approx(float(image_score(grid, "max-minus-half-median")) + 0.5, abs=1e-6)
