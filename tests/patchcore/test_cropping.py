import numpy as np
import pytest

from service.patchcore.cropping import cropped, uncropped


def test_the_margin_is_cut_at_every_side() -> None:
    batch = np.arange(2 * 3 * 8 * 10, dtype=np.float32).reshape(2, 3, 8, 10)
    assert np.array_equal(cropped(batch, 2), batch[:, :, 2:6, 2:8])
    assert cropped(batch, 0) is batch


def test_a_crop_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves nothing"):
        cropped(np.zeros((1, 3, 64, 128), np.float32), 32)


def test_the_grid_covers_the_picture_again_with_copies_of_its_border() -> None:
    features = np.random.default_rng(0).random((2, 4, 5, 3)).astype(np.float32)
    whole = uncropped(features, 2)
    assert whole.shape == (2, 8, 9, 3)
    assert np.array_equal(whole[:, 2:6, 2:7], features)
    assert np.array_equal(whole[:, 0, 0], features[:, 0, 0])
    assert np.array_equal(whole[:, 7, 4], features[:, 3, 2])
