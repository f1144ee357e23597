import cv2
import numpy as np
import pytest

from workers.camera.encoding import Encoding

PICTURE = np.random.default_rng(1).integers(0, 255, (60, 80, 3)).astype(np.uint8)


def decoded(data: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return picture


def test_png_loses_nothing_and_the_region_is_cut_out() -> None:
    cut = decoded(Encoding(None, (10, 20, 30, 15)).encoded(PICTURE))
    assert np.array_equal(cut, PICTURE[20:35, 10:40])


def test_more_quality_is_more_bytes_and_nearer_to_the_picture() -> None:
    rough, fine = Encoding(20).encoded(PICTURE), Encoding(98).encoded(PICTURE)
    assert len(rough) < len(fine)
    far, near = (np.abs(decoded(data).astype(int) - PICTURE).mean() for data in (rough, fine))
    assert near < far


@pytest.mark.parametrize("region", [(70, 0, 20, 10), (0, 55, 10, 10)])
def test_a_region_that_is_not_within_the_picture_is_refused(region: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="is not within 80 x 60 pixels"):
        Encoding(95, region).encoded(PICTURE)


@pytest.mark.parametrize("wrong", [{"quality": 0}, {"region": (0, 0, 0, 4)}, {"region": (-1, 0, 4, 4)}])
def test_impossible_encodings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is refused"):
        Encoding(**wrong)  # type: ignore[arg-type]
