import numpy as np
import pytest

from schemas.reasons import FaultReason as Fault
from service.images.checks import SATURATED_SHARE, check_fit
from service.images.contract import InputContract
from service.images.decode import decode
from service.images.header import ImageHeader
from service.images.picture import Picture, Pixels
from service.images.unreadable import UnfitImage
from service.patchcore.recipe import Recipe
from tests.parts import draw_part, encode_jpeg, encode_png

RECIPE = Recipe()


def picture(pixels: Pixels) -> Picture:
    header = ImageHeader("png", pixels.shape[1], pixels.shape[0], 3, 16 if pixels.dtype == np.uint16 else 8)
    return Picture(pixels, header)


def learned(*pixels: Pixels) -> InputContract:
    return InputContract.learn([picture(each).form() for each in pixels], RECIPE)


def fault_of(contract: InputContract, pixels: Pixels) -> Fault | None:
    try:
        contract.check(picture(pixels))
    except UnfitImage as unfit:
        return unfit.reason
    return None


def deep(pixels: Pixels, peak: int = 65535) -> Pixels:
    return (pixels.astype(np.uint32) * peak // 255).astype(np.uint16)


def test_the_size_is_fixed_when_all_parts_have_it_and_free_when_not() -> None:
    small, wide = draw_part(1, size=(96, 128)), draw_part(2, size=(96, 192))
    assert learned(small, small).width == 128
    assert learned(small, wide).width is None
    assert fault_of(learned(small, wide), draw_part(3, size=(200, 60))) is None


def test_the_networks_input_is_height_then_width() -> None:
    contract = learned(draw_part(1, size=(128, 256)))
    assert contract.input_width == 2 * contract.input_height


@pytest.mark.parametrize(
    ("size", "fault"),
    [
        ((96, 128), None),
        ((96, 138), None),
        ((192, 256), None),
        ((96, 144), Fault.WRONG_SIZE),
        ((128, 96), Fault.WRONG_SIZE),
        ((45, 60), Fault.WRONG_SIZE),
        ((288, 384), Fault.WRONG_SIZE),
    ],
)
def test_a_fixed_size_bears_a_tenth_of_stretch_and_a_factor_of_two(
    size: tuple[int, int], fault: Fault | None
) -> None:
    assert fault_of(learned(draw_part(1, size=(96, 128))), draw_part(2, size=size)) == fault


def test_grey_sent_as_colour_is_grey() -> None:
    grey = draw_part(1, size=(96, 96), colour=False)
    for encode in (encode_png, encode_jpeg):
        as_colour = decode(encode(np.repeat(grey[..., None], 3, axis=2))).pixels
        assert as_colour.ndim == 3
        assert fault_of(learned(grey), as_colour) is None


def test_grey_and_colour_are_told_apart_both_ways() -> None:
    grey, colour = draw_part(1, size=(96, 96), colour=False), draw_part(1, size=(96, 96))
    assert fault_of(learned(grey), colour) == Fault.WRONG_CHANNELS
    assert fault_of(learned(colour), grey) == Fault.WRONG_CHANNELS
    with pytest.raises(ValueError, match="1 of 2 pictures are grey"):
        learned(grey, colour)


def test_depths_are_told_apart() -> None:
    part = draw_part(1, size=(96, 96))
    assert fault_of(learned(part), deep(part)) == Fault.WRONG_DEPTH
    with pytest.raises(ValueError, match="16 bits"):
        learned(part, deep(part))


@pytest.mark.parametrize(("peak", "white"), [(1000, 1023), (4000, 4095), (16000, 16383), (60000, 65535)])
def test_full_scale_is_learned_from_cameras_of_ten_to_sixteen_bits(peak: int, white: int) -> None:
    part = deep(draw_part(1, size=(96, 96)), peak)
    part[0, 0] = peak
    assert learned(part).white == white


def test_no_pictures_teach_nothing() -> None:
    with pytest.raises(ValueError, match="at least one"):
        InputContract.learn([], RECIPE)


def seen(pixels: Pixels, white: int | None = None) -> Fault | None:
    try:
        check_fit(picture(pixels), white)
    except UnfitImage as unfit:
        return unfit.reason
    return None


def noise(level: float, sigma: float, shape: tuple[int, ...] = (480, 640, 3)) -> Pixels:
    grain = np.random.default_rng(0).normal(level, sigma, shape)
    return np.clip(np.rint(grain), 0, 255).astype(np.uint8)


def test_a_covered_lens_is_flat_whatever_its_noise() -> None:
    assert seen(noise(6, 3)) == Fault.FLAT
    assert seen(np.zeros((1, 1), np.uint8)) == Fault.FLAT
    assert seen(deep(noise(6, 3))) == Fault.FLAT


SHAPES = [(300, 300), (96, 1200), (200, 4000), (40, 4000), (40, 30), (5, 7)]


def told(pixels: Pixels) -> Fault | None:
    """What a line that judges every size says of a grey picture, seen at 256 x 256 px."""
    contract = InputContract(channels="grey", depth=8, input_height=256, input_width=256)
    try:
        contract.check(picture(pixels))
    except UnfitImage as unfit:
        return unfit.reason
    return None


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dark", [0.008, 0.012])
def test_a_share_of_dark_samples_decides_wherever_they_lie(shape: tuple[int, int], dark: float) -> None:
    """Counted or not: the mean that spares the counting must never excuse a saturated picture."""
    pixels = np.full(shape, 253, np.uint8)
    few = int(dark * pixels.size)
    rows, columns, scattered = pixels.copy(), pixels.copy(), pixels.copy()
    rows.ravel()[:few] = 0
    columns.T[: few // shape[0]] = 0
    scattered.ravel()[:: int(1 / dark) + 1] = 0
    for each in (rows, columns, scattered):
        share = float((each >= 253).mean())
        assert (told(each) == Fault.OVER_EXPOSED) == (share >= SATURATED_SHARE)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if np.prod(shape) > 9_000])
def test_a_covered_lens_is_flat_at_every_shape(shape: tuple[int, int]) -> None:
    """The network's size averages noise away where both sides shrink; elsewhere the picture's blocks do."""
    assert told(noise(6, 3, shape)) == Fault.FLAT


def test_white_fields_are_over_exposed() -> None:
    assert seen(np.full((64, 64), 255, np.uint8)) == Fault.OVER_EXPOSED
    assert seen(np.full((64, 64), 4095, np.uint16), 4095) == Fault.OVER_EXPOSED


def test_dark_parts_white_packaging_and_silhouettes_are_judged() -> None:
    dark = (draw_part(1).astype(np.float32) * 0.08).astype(np.uint8)
    packaging = np.clip(noise(244, 2) + np.linspace(-6, 6, 640).astype(np.int8)[None, :, None], 0, 255)
    silhouette = np.full((200, 200), 255, np.uint8)
    silhouette[50:80, 50:80] = 20
    for judged in (dark, packaging.astype(np.uint8), silhouette):
        assert seen(judged) is None
