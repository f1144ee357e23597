"""The laws of decoding ahead: the same pictures and refusals, whoever decoded them."""

import threading

import numpy as np
import pytest

from service.images.decode import DEFAULT_LIMITS, decode
from service.images.picture import Picture
from service.images.unreadable import UnreadableImage
from tests.parts import draw_part, encode_png
from workers.extraction.decoder import Decoder
from workers.extraction.protocol import FrameIn

FRAMES = [FrameIn("line1", encode_png(draw_part(seed))) for seed in range(6)]


def assert_decoded(decoder: Decoder, frames: list[FrameIn]) -> None:
    for frame, picture in zip(frames, decoder.pictures(frames), strict=True):
        assert isinstance(picture, Picture)
        assert np.array_equal(picture.pixels, decode(frame.data).pixels)


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_a_picture_is_the_same_whether_decoded_ahead_or_not(threads: int) -> None:
    decoder = Decoder(DEFAULT_LIMITS, threads)
    decoder.begin(FRAMES[:4])
    assert_decoded(decoder, FRAMES[::-1])


@pytest.mark.parametrize("threads", [0, 1])
def test_a_refusal_meets_only_its_own_frame(threads: int) -> None:
    decoder, broken = Decoder(DEFAULT_LIMITS, threads), FrameIn("line1", FRAMES[0].data[:-40])
    decoder.begin([broken, FRAMES[1]])
    refused, picture, late = decoder.pictures([broken, *FRAMES[1:3]])
    assert isinstance(refused, UnreadableImage)
    assert isinstance(picture, Picture)
    assert isinstance(late, Picture)


def test_a_frame_that_was_forgotten_never_lends_its_picture_to_another() -> None:
    decoder = Decoder(DEFAULT_LIMITS, 1)
    for frame in FRAMES:
        decoder.begin([FrameIn(frame.line, frame.data)])
    later = [FrameIn("line2", frame.data) for frame in reversed(FRAMES)]
    for frame in later:
        assert_decoded(decoder, [frame])


def test_a_lone_thread_is_relieved_of_the_frames_that_it_has_not_come_to() -> None:
    decoder, held = Decoder(DEFAULT_LIMITS, 1), threading.Event()
    # What it is busy with, as with a large picture, for as long as the others are waited for.
    assert decoder._pool is not None
    decoder._pool.submit(held.wait)
    decoder.begin(FRAMES)
    try:
        assert_decoded(decoder, FRAMES)
    finally:
        held.set()
