"""Laws of our PNGs: every decoder reads the pixels that were written."""

import zlib
from io import BytesIO

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from service.images.decode import decode
from service.images.png import encode_png
from tests.parts import draw_part

PICTURES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)))


@given(PICTURES)
@settings(deadline=None)
def test_what_is_read_is_what_was_written(bgr: NDArray[np.uint8]) -> None:
    written = encode_png(bgr)
    np.testing.assert_array_equal(decode(written).pixels, bgr[..., ::-1])
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(written))), bgr[..., ::-1])


def test_a_drawn_part_takes_no_more_bytes_than_zlib_takes_at_its_fastest() -> None:
    part = draw_part(1)
    rows = np.vstack([part[:1], part[1:] - part[:-1]])
    assert len(encode_png(part)) < 1.1 * len(zlib.compress(rows.tobytes(), 1))


def test_equal_pixels_give_equal_bytes() -> None:
    assert encode_png(draw_part(1)) == encode_png(draw_part(1).copy())
