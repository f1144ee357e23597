import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from service.images.decode import decode
from service.images.heatmap import draw_heatmap, drawing_size
from tests.parts import draw_part

PART = draw_part(1)


def drawn(anomaly: NDArray[np.float32], threshold: float = 2.0) -> NDArray[np.uint8]:
    return np.asarray(decode(draw_heatmap(PART, anomaly, threshold)).pixels, np.uint8)


def flat(score: float) -> NDArray[np.float32]:
    return np.full(PART.shape[:2], score, np.float32)


def test_a_score_of_zero_is_transparent() -> None:
    grey = cv2.cvtColor(PART, cv2.COLOR_RGB2GRAY)
    np.testing.assert_allclose(drawn(flat(0))[..., 0], grey, atol=1)


def test_colours_depend_on_score_over_threshold_alone() -> None:
    np.testing.assert_array_equal(drawn(flat(1.0), 2.0), drawn(flat(3.0), 6.0))
    np.testing.assert_array_equal(drawn(flat(4.0)), drawn(flat(40.0)))


def test_higher_scores_are_lighter_without_colour() -> None:
    lightness = [
        float(cv2.cvtColor(drawn(flat(s)), cv2.COLOR_RGB2GRAY)[160, 160]) for s in (2.0, 2.6, 3.2, 4.0)
    ]
    assert lightness == sorted(lightness)
    assert lightness[-1] > lightness[0] + 60


def test_a_white_line_runs_where_the_threshold_is_passed() -> None:
    anomaly = flat(0)
    anomaly[100:140, 60:120] = 5.0
    picture = drawn(anomaly)
    assert (picture[100, 80] == 255).all()
    assert (picture[98, 80] < 255).any()


def test_equal_inputs_give_equal_bytes() -> None:
    anomaly = np.random.default_rng(0).uniform(0, 4, (40, 40)).astype(np.float32)
    assert draw_heatmap(PART, anomaly, 2.0) == draw_heatmap(PART.copy(), anomaly.copy(), 2.0)


@pytest.mark.parametrize(
    ("width", "height", "drawing"), [(2000, 1000, (256, 512)), (100, 60, (60, 100)), (9000, 2, (1, 512))]
)
def test_the_drawing_is_bounded_and_never_enlarged(width: int, height: int, drawing: tuple[int, int]) -> None:
    assert drawing_size(width, height) == drawing


def test_deep_and_grey_pictures_are_drawn() -> None:
    for pixels in (PART[..., 0].copy(), PART.astype(np.uint16) * 257):
        assert draw_heatmap(pixels, flat(1.0), 2.0).startswith(b"\x89PNG")


def test_a_threshold_that_anchors_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="anchored"):
        draw_heatmap(PART, flat(1.0), 0.0)
