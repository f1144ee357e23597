import numpy as np
import pytest

from service.images.resize import fit, to_batch
from tests.parts import draw_part


def test_pixels_are_scaled_and_normalised_by_channel() -> None:
    pixels = np.array([[[255, 0, 51]]], np.uint8)
    batch = to_batch([pixels], (1, 1), white=255, mean=(0.5, 0.25, 0.0), std=(0.5, 0.5, 0.2))
    np.testing.assert_allclose(batch[0, :, 0, 0], [1.0, -0.5, 1.0], atol=1e-6)


def test_grey_fills_three_channels() -> None:
    batch = to_batch([draw_part(1, colour=False)], (64, 96), white=255, mean=(0.0,) * 3, std=(1.0,) * 3)
    assert batch.shape == (1, 3, 64, 96)
    np.testing.assert_array_equal(batch[0, 0], batch[0, 2])


def test_sixteen_bits_give_what_eight_bits_give() -> None:
    part = draw_part(1)
    deep = part.astype(np.uint16) * 257
    eight = to_batch([part], part.shape[:2], white=255, mean=(0.0,) * 3, std=(1.0,) * 3)
    sixteen = to_batch([deep], part.shape[:2], white=65535, mean=(0.0,) * 3, std=(1.0,) * 3)
    np.testing.assert_allclose(eight, sixteen, atol=1e-6)


def test_samples_above_white_are_clipped() -> None:
    batch = to_batch([np.full((2, 2), 5000, np.uint16)], (2, 2), white=4095, mean=(0.0,) * 3, std=(1.0,) * 3)
    np.testing.assert_allclose(batch, 1.0)


def test_a_thin_line_survives_shrinking() -> None:
    pixels = np.zeros((512, 512), np.uint8)
    pixels[:, 257] = 255
    assert fit(pixels, (64, 64)).max() >= 255 // 8


def test_a_picture_does_not_depend_on_its_neighbours() -> None:
    first, second = draw_part(1), draw_part(2, size=(200, 300))
    both = to_batch([first, second], (64, 64), white=255, mean=(0.4,) * 3, std=(0.2,) * 3)
    alone = to_batch([second], (64, 64), white=255, mean=(0.4,) * 3, std=(0.2,) * 3)
    np.testing.assert_array_equal(both[1:], alone)


def test_no_pictures_make_no_batch() -> None:
    with pytest.raises(ValueError, match="at least one"):
        to_batch([], (64, 64), white=255, mean=(0.0,) * 3, std=(1.0,) * 3)
