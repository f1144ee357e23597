import numpy as np
import pytest
import torch
import torch.nn.functional as nnf

from service.patchcore.anomaly_map import draw_grid


def spike(row: int, column: int) -> np.ndarray:
    grid = np.zeros((28, 28), np.float32)
    grid[row, column] = 1
    return grid


def test_drawing_is_bilinear_with_half_pixel_centres() -> None:
    grid = np.random.default_rng(0).random((7, 9)).astype(np.float32)
    expected = nnf.interpolate(torch.from_numpy(grid)[None, None], size=(100, 130), mode="bilinear")
    assert np.allclose(draw_grid(grid, (100, 130), 0), expected[0, 0].numpy(), atol=1e-5)


@pytest.mark.parametrize("size", [(224, 224), (97, 311), (1500, 1100)])
@pytest.mark.parametrize("sigma", [0.0, 4.0])
def test_a_patch_is_drawn_at_its_centre_within_half_a_patch(size: tuple[int, int], sigma: float) -> None:
    drawn = draw_grid(spike(20, 6), size, sigma)
    row, column = np.unravel_index(drawn.argmax(), size)
    assert abs((row + 0.5) / size[0] * 28 - 20.5) <= 0.5
    assert abs((column + 0.5) / size[1] * 28 - 6.5) <= 0.5


def test_a_constant_grid_draws_constant() -> None:
    drawn = draw_grid(np.full((8, 8), 3.0, np.float32), (1000, 700), 4)
    assert drawn.shape == (1000, 700)
    assert drawn.dtype == np.float32
    assert np.allclose(drawn, 3, atol=1e-5)


def test_the_blur_is_the_same_share_of_a_picture_at_any_size() -> None:
    small, large = (draw_grid(spike(14, 14), (side, side), 4) for side in (256, 1024))
    assert np.allclose(large.reshape(256, 4, 256, 4).mean(axis=(1, 3)), small, atol=0.02)


def test_the_grid_is_not_changed() -> None:
    grid = spike(3, 3)
    draw_grid(grid, (28, 28), 0)[:] = 9
    assert grid.sum() == 1


def test_an_empty_size_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        draw_grid(spike(0, 0), (0, 10), 4)
