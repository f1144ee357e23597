"""The laws of decoding ahead: the same pictures and refusals, whoever decoded them."""

import numpy as np
import pytest

from service.images.decode import DEFAULT_LIMITS, decode
from service.images.unreadable import UnreadableImage
from tests.parts import draw_part, encode_png
from workers.extraction.decoder import Decoder
from workers.extraction.protocol import FrameIn

FRAMES = [FrameIn("line1", encode_png(draw_part(seed))) for seed in range(6)]


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_a_picture_is_the_same_whether_decoded_ahead_or_not(threads: int) -> None:
    decoder = Decoder(DEFAULT_LIMITS, threads)
    decoder.begin(FRAMES[:4])
    for frame in reversed(FRAMES):
        assert np.array_equal(decoder.picture(frame).pixels, decode(frame.data).pixels)


@pytest.mark.parametrize("threads", [0, 1])
def test_a_refusal_meets_only_its_own_frame(threads: int) -> None:
    decoder, broken = Decoder(DEFAULT_LIMITS, threads), FrameIn("line1", FRAMES[0].data[:-40])
    decoder.begin([broken, FRAMES[1]])
    with pytest.raises(UnreadableImage):
        decoder.picture(broken)
    assert decoder.picture(FRAMES[1]).width


def test_a_frame_that_was_forgotten_never_lends_its_picture_to_another() -> None:
    decoder = Decoder(DEFAULT_LIMITS, 1)
    for frame in FRAMES:
        decoder.begin([FrameIn(frame.line, frame.data)])
    later = [FrameIn("line2", frame.data) for frame in reversed(FRAMES)]
    for frame in later:
        assert np.array_equal(decoder.picture(frame).pixels, decode(frame.data).pixels)
