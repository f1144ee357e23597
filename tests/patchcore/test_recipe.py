import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from service.patchcore.recipe import Recipe, input_size

SIDES = st.integers(64, 6000)


@given(width=SIDES, height=SIDES, pixels=st.sampled_from([4096, 65536, 262144]), aspect=st.booleans())
def test_input_sides_are_workable_and_never_enlarge(
    width: int, height: int, pixels: int, aspect: bool
) -> None:
    recipe = Recipe(input_pixels=pixels, keep_aspect=aspect)
    rows, columns = input_size(recipe, width, height)
    assert rows % 32 == columns % 32 == 0
    assert min(rows, columns) >= 64
    assert rows * columns <= max(width * height, 64 * 64)


@given(width=st.integers(300, 4000), height=st.integers(300, 4000), pixels=st.sampled_from([65536, 262144]))
def test_area_and_aspect_are_kept_within_a_multiple(width: int, height: int, pixels: int) -> None:
    rows, columns = input_size(Recipe(input_pixels=pixels), width, height)
    area = min(pixels, width * height)
    if min(math.sqrt(area * width / height), math.sqrt(area * height / width)) >= 64:
        assert abs(rows - math.sqrt(area * height / width)) <= 32
        assert abs(columns - math.sqrt(area * width / height)) <= 32


@pytest.mark.parametrize(
    ("width", "height", "aspect", "expected"),
    [
        (256, 256, True, (256, 256)),
        (1920, 1080, False, (256, 256)),
        (1920, 1080, True, (192, 352)),
        (8000, 100, True, (64, 1024)),
        (20, 20, True, (64, 64)),
        (100, 100, True, (96, 96)),
    ],
)
def test_known_pictures(width: int, height: int, aspect: bool, expected: tuple[int, int]) -> None:
    assert input_size(Recipe(keep_aspect=aspect), width, height) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stages", ()),
        ("stages", (16, 8)),
        ("stages", (8, 12)),
        ("patch_mean", 2),
        ("patch_mean", (1, 2)),
        ("patch_mean", (1, 3, 3)),
        ("crop_margin", 8),
        ("grid_stride", 12),
        ("input_pixels", 100),
        ("coreset_share", 0.0),
        ("coreset_share", 1.5),
        ("min_vectors", 30_000),
        ("whiten_ridge", 0.0),
        ("score", "mean"),
        ("seed", -1),
        ("coreset_shares", 0.1),
    ],
)
def test_what_cannot_work_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        Recipe.model_validate({field: value})


def test_an_empty_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        input_size(Recipe(), 0, 10)
