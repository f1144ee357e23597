import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from schemas.reasons import DeadLetterReason as Reason
from service.images.decode import ImageLimits, decode, inspect
from service.images.probe import probe
from service.images.unreadable import UnreadableImage
from tests.images.encoded import animated, deep, save, specimens, texture, turned

REFUSED = {"JPEG-CMYK", "TIFF-CMYK", "WEBP-animated", "PNG-animated", "GIF"}
SPECIMENS = specimens()


def reason_of(data: bytes, limits: ImageLimits | None = None) -> Reason:
    with pytest.raises(UnreadableImage) as refusal:
        decode(data, limits or ImageLimits())
    assert str(refusal.value).endswith(".")
    return refusal.value.reason


@pytest.mark.parametrize("kind", sorted(SPECIMENS.keys() - REFUSED))
def test_every_allowed_kind_decodes_to_the_size_its_header_states(kind: str) -> None:
    picture = decode(SPECIMENS[kind])
    assert (picture.width, picture.height) == (64, 48) == (picture.header.width, picture.header.height)
    assert picture.pixels.shape[2:] in ((), (3,))
    assert picture.depth == picture.header.depth
    assert picture.pixels.flags.c_contiguous


@pytest.mark.parametrize("kind", sorted(REFUSED - {"GIF"}))
def test_animations_and_cmyk_are_refused_as_undecodable(kind: str) -> None:
    assert reason_of(SPECIMENS[kind]) == Reason.UNDECODABLE


def test_a_format_outside_the_list_is_not_an_image() -> None:
    for data in (SPECIMENS["GIF"], b"%PDF-1.7", b"<svg/>", b"RIFF1234WAVE", b"\xff\xd8"):
        assert reason_of(data) == Reason.NOT_AN_IMAGE


def test_nothing_is_empty() -> None:
    assert reason_of(b"") == Reason.EMPTY


def test_colour_comes_in_rgb_order_without_loss_from_png() -> None:
    np.testing.assert_array_equal(decode(SPECIMENS["PNG-RGB"]).pixels, texture())


def test_alpha_is_dropped_and_what_lies_under_it_is_kept() -> None:
    image = Image.fromarray(texture())
    image.putalpha(Image.new("L", image.size, 7))
    np.testing.assert_array_equal(decode(save(image, "PNG")).pixels, texture())


def test_sixteen_bits_stay_sixteen_bits() -> None:
    np.testing.assert_array_equal(decode(deep(".png")).pixels[..., ::-1], texture().astype(np.uint16) * 257)


def test_exif_rotation_is_not_applied_so_boxes_lie_in_the_frame() -> None:
    assert decode(turned(6)).pixels.shape == (48, 64, 3)


def test_of_a_tiff_with_pages_the_first_is_taken() -> None:
    np.testing.assert_array_equal(decode(animated("TIFF")).pixels, texture(1))


@pytest.mark.parametrize(
    "kind", ["JPEG-RGB", "JPEG-progressive", "PNG-RGB", "BMP-RGB", "WEBP-RGB", "WEBP-lossless"]
)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
def test_truncated_image_is_refused_before_decoding(
    kind: str, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("a truncated image reached the decoder"))
    data = SPECIMENS[kind]
    assert reason_of(data[: int(len(data) * share)]) == Reason.TRUNCATED


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_truncated_tiff_is_refused(share: float) -> None:
    data = SPECIMENS["TIFF-RGB"]
    assert reason_of(data[: int(len(data) * share)]) in (Reason.TRUNCATED, Reason.UNDECODABLE)


def test_truncated_jpeg_never_shows_the_picture_before_it() -> None:
    """opencv issue 26488: 4.10 and 4.11 filled the missing part with an earlier image's pixels."""
    bright = save(Image.new("RGB", (256, 256), (250, 250, 250)), "JPEG")
    dark = save(Image.fromarray(texture(3, 256, 256)), "JPEG")
    cut = dark[: len(dark) // 2]
    decode(bright)
    assert reason_of(cut) == Reason.TRUNCATED
    sealed = cut + b"\xff\xd9"
    after_bright = decode(sealed).pixels.copy()
    decode(save(Image.new("RGB", (256, 256), (0, 0, 0)), "JPEG"))
    np.testing.assert_array_equal(decode(sealed).pixels, after_bright)


@pytest.mark.parametrize("kind", ["JPEG-RGB", "PNG-RGB", "BMP-RGB", "WEBP-RGB"])
@pytest.mark.parametrize("padding", [b"\x00" * 512, b"\r\n", b"\xff" * 16])
def test_padding_behind_the_end_is_tolerated(kind: str, padding: bytes) -> None:
    np.testing.assert_array_equal(decode(SPECIMENS[kind] + padding).pixels, decode(SPECIMENS[kind]).pixels)


def test_pixel_bomb_is_refused_from_its_header() -> None:
    header = struct.pack(">I4sIIBBBBB", 13, b"IHDR", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + header
    assert probe(bomb).pixels == 3_600_000_000
    assert reason_of(bomb) == Reason.TOO_MANY_PIXELS


def test_limits_are_the_callers() -> None:
    assert reason_of(SPECIMENS["PNG-RGB"], ImageLimits(max_pixels=64 * 48 - 1)) == Reason.TOO_MANY_PIXELS
    assert reason_of(SPECIMENS["PNG-RGB"], ImageLimits(max_bytes=100)) == Reason.TOO_MANY_BYTES
    assert inspect(SPECIMENS["PNG-RGB"], ImageLimits(max_pixels=64 * 48)).channels == 3


@pytest.mark.parametrize("limits", [{"max_pixels": 0}, {"max_pixels": 10**9}, {"max_bytes": 0}])
def test_limits_that_no_worker_can_bear_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="choose"):
        ImageLimits(**limits)


def test_header_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(SPECIMENS["JPEG-RGB"])
    frame = data.find(b"\xff\xc0")
    data[frame + 5 : frame + 7] = struct.pack(">H", 0)
    assert reason_of(bytes(data)) == Reason.UNDECODABLE
