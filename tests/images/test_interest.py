"""Where to look: what an engineer says, checked against the pictures, and what the network then sees."""

import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.images.contract import InputContract
from service.images.interest import Interest
from service.images.mask import Mask
from service.images.polygon import sound
from service.images.region import WHOLE, RegionOfInterest
from service.images.view import view
from service.patchcore.recipe import Recipe
from tests.images.test_contract import deep, picture
from tests.parts import draw_part

SQUARE = [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]


def read(region: str | None = None, **mask: Any) -> Interest:
    return Interest.read(region, json.dumps(mask).encode() if mask else None)


def learned(interest: Interest, *sizes: tuple[int, int]) -> InputContract:
    forms = [picture(draw_part(1, size=size)).form() for size in sizes or ((96, 128),)]
    return InputContract.learn(forms, Recipe(), interest)


def test_a_region_in_pixels_is_that_region_and_scales_with_the_frame() -> None:
    contract = learned(read("10,20,64,48"))
    box = contract.box(128, 96)
    assert (box.x, box.y, box.width, box.height) == (10, 20, 64, 48)
    twice = contract.box(256, 192)
    assert (twice.x, twice.y, twice.width, twice.height) == (20, 40, 128, 96)


def test_a_region_in_fractions_suits_pictures_that_differ_in_size() -> None:
    contract = learned(read("0.5,0,0.5,1"), (96, 128), (96, 256))
    assert (contract.width, contract.box(300, 10).x, contract.box(300, 10).width) == (None, 150, 150)


@given(st.integers(16, 5000), st.integers(0, 4000), st.integers(16, 4000))
def test_a_region_in_whole_pixels_survives_its_fractions(side: int, start: int, length: int) -> None:
    start = min(start, side - 16)
    length = min(length, side - start)
    region = RegionOfInterest(x=start / side, y=0, width=length / side, height=1)
    box = region.box(side, side)
    assert (box.x, box.width) == (start, length)


@given(st.floats(0, 0.99), st.floats(1e-4, 1), st.integers(1, 3000))
def test_a_region_holds_a_pixel_and_stays_within_the_frame(start: float, length: float, side: int) -> None:
    box = RegionOfInterest(x=start, y=0, width=min(length, 1 - start), height=1).box(side, side)
    assert 0 <= box.x < box.x + box.width <= side


def test_the_networks_input_has_the_regions_shape() -> None:
    contract = learned(read("0,0,128,64"), (256, 256))
    assert contract.input_width == 2 * contract.input_height


@pytest.mark.parametrize(
    ("region", "sentence"),
    [
        ("1,2,3", "is not X,Y,W,H"),
        ("a,b,c,d", "is not X,Y,W,H"),
        ("nan,0,50,50", "no usable number"),
        ("100,0,40,40", "reaches outside the picture of 128 x 96"),
        ("-1,0,40,40", "reaches outside"),
        ("0.5,0,0.6,1", "reaches outside the picture of 1 x 1"),
        ("10,10,0,20", "is empty"),
        ("10,10,20,8", "smaller than 16 pixels"),
        ("0,0,0.1,0.1", "smaller than 16 pixels"),
    ],
)
def test_a_region_that_cannot_be_is_refused_in_a_sentence(region: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)) as refused:
        learned(read(region))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        ({"look": [[[0, 0], [50, 50]]]}, "a polygon of 2 points bounds nothing"),
        ({"look": [[[0, 0], [50, 50], [0, 0], [50, 50]]]}, "a polygon of 2 points"),
        ({"ignore": [[[0, 0], [50, 50], [50, 0], [0, 50]]]}, "crosses itself"),
        ({"ignore": [[[0, 0], [50, 50], [90, 90]]]}, "lie on one line"),
        ({"ignore": [[[0, 0], [129, 0], [0, 50]]]}, "lies outside the frame"),
        ({"look": []}, "no polygon"),
        ({"looks": [SQUARE]}, "looks"),
        ({"unit": "inches", "look": [SQUARE]}, "unit"),
        ({"size": [640, 480], "look": [[[0, 0], [50, 0], [0, 50]]]}, "drawn on 640 x 480 pixels and the pic"),
    ],
)
def test_a_mask_that_cannot_be_is_refused_in_a_sentence(mask: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)) as refused:
        learned(read(**mask))
    assert "\n" not in str(refused.value)


def test_bytes_that_are_no_mask_are_refused_in_a_sentence() -> None:
    for data in (b"", b"[]", b"\xff", b"[" * 10_000, b'{"look":[[[0,0],[1e999,0],[0,1]]]}'):
        with pytest.raises(ValueError, match="the mask is refused"):
            Interest.read(None, data)


def test_pixels_say_nothing_where_pictures_differ_in_size() -> None:
    for interest in (read("0,0,40,40"), read(look=[[[0, 0], [50, 0], [0, 50]]])):
        with pytest.raises(ValueError, match="give fractions from 0 to 1"):
            learned(interest, (96, 128), (96, 256))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=8))
def test_a_polygon_is_told_sound_or_not_whichever_corner_is_first(points: list[tuple[int, int]]) -> None:
    if len(set(points)) < len(points):
        return

    def verdict(ring: list[tuple[int, int]]) -> bool:
        try:
            sound(tuple((float(x), float(y)) for x, y in ring))
        except ValueError:
            return False
        return True

    assert len({verdict(points[turn:] + points[:turn]) for turn in range(len(points))}) == 1
    assert verdict(points) == verdict(points[::-1])


def test_a_ring_that_repeats_its_first_point_is_closed_once() -> None:
    triangle = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    assert sound((*triangle, triangle[0])) == triangle


def test_what_is_looked_at_lies_in_look_and_not_in_ignore() -> None:
    hole = ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))
    square = tuple((x, y) for x, y in SQUARE)
    seen = Mask(look=(square,), ignore=(hole,)).looked_at(WHOLE, 100, 100)
    assert seen[30, 30] & seen[70, 70]
    assert not seen[50, 50]
    assert not seen[10, 50]
    assert seen.mean() == pytest.approx(0.25 - 0.04, abs=0.02)
    everywhere_else = Mask(ignore=(square,)).looked_at(WHOLE, 100, 100)
    assert everywhere_else[10, 10]
    assert not everywhere_else[50, 50]


def test_a_mask_follows_the_region() -> None:
    square = tuple((x, y) for x, y in SQUARE)
    window = RegionOfInterest(x=0.25, y=0.25, width=0.5, height=0.5)
    assert Mask(look=(square,)).looked_at(window, 40, 30).all()


@pytest.mark.parametrize("region", [None, "16,16,96,64"])
@pytest.mark.parametrize("as_deep", [False, True])
def test_no_pixel_that_is_left_out_reaches_the_network(region: str | None, as_deep: bool) -> None:
    contract = learned(read(region, unit="fractions", look=[SQUARE]))
    shown = draw_part(3, size=(96, 128))
    other = np.where(np.indices((96, 128)).sum(0)[..., None] % 2, shown, 255 - shown)
    other[24:72, 32:96] = shown[24:72, 32:96]
    pictures = [picture(deep(each) if as_deep else each) for each in (shown, other.astype(np.uint8))]
    first, second = (view(each, contract) for each in pictures)
    assert np.array_equal(first, second)
    assert first.shape[:2] == (contract.input_height, contract.input_width)
    assert len(np.unique(first)) > 20


def test_a_contract_from_before_there_were_regions_looks_at_the_whole_frame() -> None:
    old = {"channels": "colour", "depth": 8, "input_height": 64, "input_width": 96}
    contract = InputContract.model_validate(old)
    assert contract.cells(8, 12) is None
    assert contract.box(77, 55).width == 77
