from pathlib import Path

import numpy as np
import pytest

from service.evaluation.categories import Specimen
from service.evaluation.maps import map_size, shrunk, truth_of
from tests.evaluation.drawn import put


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(1024, 512, (128, 256)), (160, 120, (120, 160)), (3000, 1, (1, 256)), (256, 256, (256, 256))],
)
def test_a_map_keeps_the_shape_and_its_longest_side_is_bounded(
    width: int, height: int, size: tuple[int, int]
) -> None:
    assert map_size((Specimen(Path("a"), True, width, height),)) == size


def test_the_smallest_picture_gives_the_size_of_all_maps() -> None:
    sizes = ((640, 480), (64, 48), (320, 320))
    assert map_size(tuple(Specimen(Path("a"), False, *size) for size in sizes)) == (48, 64)


def test_a_region_of_one_pixel_is_never_lost() -> None:
    for row in range(0, 1000, 37):
        mask = np.zeros((1000, 1000), np.bool_)
        mask[row, 999 - row] = True
        found = np.argwhere(shrunk(mask, (256, 256)))
        assert 1 <= len(found) <= 4
        assert np.abs((found + 0.5) / 256 * 1000 - (row + 0.5, 999.5 - row)).max() <= 4


def test_a_mask_is_whatever_is_not_black(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[2, 3] = (0, 0, 1)
    put(tmp_path / "mask.png", pixels)
    truth = truth_of(Specimen(Path("a"), True, 8, 8, tmp_path / "mask.png"), (8, 8))
    assert np.argwhere(truth).tolist() == [[2, 3]]
    assert not truth_of(Specimen(Path("a"), False, 8, 8), (8, 8)).any()
