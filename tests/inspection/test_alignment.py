"""The map and the regions lie on the frame's pixels to within half a patch, wherever the spot is."""

import json
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.activation import Thresholds
from schemas.reasons import VerdictKind
from service.backbones.loading import load_backbone
from service.banks.bank_file import read_bank
from service.images.contract import InputContract
from service.images.interest import Interest
from service.inspection.extractor import PatchExtractor
from service.inspection.line_model import LineModel
from service.inspection.on_frame import map_on_region, regions_on_frame
from service.patchcore.recipe import Recipe
from service.patchcore.recipes import BALANCED, FAST
from service.training.build import build_bank
from service.training.part import GoodPart
from tests.inspection.lines import picture
from tests.parts import Image, encode_png

pytestmark = pytest.mark.slow

# As the recipes are, with fewer pixels and vectors: what is tested is where, not how well.
SMALL = {"max_vectors": 600, "coreset_share": 0.1, "projection_dim": 32}
RECIPES = {
    "balanced": BALANCED.model_copy(update=SMALL | {"input_pixels": 256 * 256}),
    "twice": BALANCED.model_copy(update=SMALL),
    "four times": BALANCED.model_copy(update=SMALL | {"input_pixels": 768 * 768, "looks": 4}),
    "fast": FAST.model_copy(update=SMALL | {"input_pixels": 224 * 224}),
    "even": FAST.model_copy(update=SMALL | {"backbone": "efficientnet_lite0", "input_pixels": 224 * 224}),
    "uneven": FAST.model_copy(update=SMALL | {"backbone": "tf_efficientnet_lite0", "input_pixels": 224**2}),
}


def ground(seed: int, size: tuple[int, int]) -> Image:
    """Smooth shading with a little noise: nothing on it draws attention."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]] / max(size)
    shade = 110 + 40 * np.sin(6 * x + 4 * y)[..., None] * np.array([1, 0.8, 0.6])
    return np.asarray(np.clip(shade + random.normal(0, 4, (*size, 3)), 0, 255), np.uint8)


@lru_cache(maxsize=8)
def line(name: str, size: tuple[int, int], roi: str | None = None, mask: str | None = None) -> LineModel:
    recipe = RECIPES[name]
    parts = [GoodPart.of(f"{seed}.png", encode_png(ground(seed, size))) for seed in range(5)]
    backbone = load_backbone(recipe.backbone, recipe.stages)
    interest = Interest.read(roi, None if mask is None else mask.encode())
    loaded = read_bank(build_bank("line1", "default", parts, recipe, backbone, interest=interest).data)
    lowest = float(loaded.memory_bank.calibration_scores.max())
    thresholds = Thresholds(
        wished_alpha=0.1,
        alpha=0.2,
        review_alpha=0.3,
        defect_score=lowest,
        review_score=lowest,
        calibration_parts=5,
    )
    extractor = PatchExtractor(backbone, recipe, loaded.manifest.contract)
    return LineModel(loaded.memory_bank, thresholds, extractor)


def off(model: LineModel, size: tuple[int, int], x: float, y: float) -> tuple[float, float]:
    """How many patches (down, right) the map's peak lies from the nearest pixel of a spot of one patch."""
    contract, grid = model.extractor.contract, model.extractor.grid
    box = contract.box(size[1], size[0])
    patch = np.array([box.height / grid.rows, box.width / grid.columns])
    side = np.maximum(np.rint(patch), 4).astype(int)
    room = np.array([box.height, box.width]) - side
    top, left = np.array([box.y, box.x]) + np.rint(np.array([y, x]) * room).astype(int)
    pixels = ground(77, size)
    pixels[top : top + side[0], left : left + side[1]] = (250, 30, 220)
    judged = model.judge(picture(pixels), draw="none")
    assert judged.verdict == VerdictKind.DEFECT
    region = judged.regions[0]
    assert region.x < left + side[1]
    assert region.x + region.width > left
    assert region.y < top + side[0]
    assert region.y + region.height > top
    drawn = map_on_region(judged.patch_scores, (box.height, box.width), contract, 0.0)
    peak = np.argwhere(drawn == drawn.max()) + 0.5 + (box.y, box.x)
    corner = np.array([top, left])
    away = np.maximum(np.maximum(corner - peak, peak - (corner + side)), 0) / patch
    nearest = away[away.max(axis=1).argmin()]
    return float(nearest[0]), float(nearest[1])


CORNERS = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
WITHIN = [(0.5, 0.5), (0.31, 0.62), (0.77, 0.13)]
CASES: list[tuple[str, tuple[int, int], str | None]] = [
    ("balanced", (320, 320), None),
    ("balanced", (241, 397), None),
    ("balanced", (300, 460), "50,31,353,241"),
    ("twice", (300, 300), None),
    ("twice", (241, 397), None),
    ("four times", (300, 300), None),
    ("fast", (457, 131), None),
    ("even", (251, 251), "0.1,0.2,0.8,0.75"),
    ("uneven", (251, 251), "0.1,0.2,0.8,0.75"),
]


@pytest.mark.parametrize(("recipe", "size", "roi"), CASES)
def test_the_maps_peak_lies_within_half_a_patch_of_the_spot(
    recipe: str, size: tuple[int, int], roi: str | None
) -> None:
    model = line(recipe, size, roi)
    # One small network answers a spot of a patch in the very corner too weakly to alarm; two do not.
    places = CORNERS + WITHIN if recipe in ("balanced", "twice", "four times") else WITHIN
    far = {place: off(model, size, *place) for place in places}
    assert {place: away for place, away in far.items() if max(away) > 0.5} == {}


def test_a_spot_at_the_edge_of_a_mask_is_still_seen() -> None:
    mask = json.dumps({"unit": "fractions", "look": [[[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]]})
    model = line("balanced", (320, 320), None, mask)
    for x, y in ((0.22, 0.22), (0.73, 0.73), (0.22, 0.73)):
        pixels = ground(77, (320, 320))
        top, left = round(y * 320), round(x * 320)
        pixels[top : top + 16, left : left + 16] = (250, 30, 220)
        region = model.judge(picture(pixels), draw="none").regions[0]
        assert region.x <= left + 16 <= region.x + region.width + 16
        assert region.y <= top + 16 <= region.y + region.height + 16


@settings(deadline=None)
@given(st.data())
def test_regions_of_a_defect_are_never_empty_and_lie_in_the_region_of_interest(data: st.DataObject) -> None:
    rows, columns = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    values = st.floats(-3, 3, width=32)
    count = rows * columns
    grid = np.array(data.draw(st.lists(values, min_size=count, max_size=count)), np.float32)
    grid = grid.reshape(rows, columns)
    width, height = data.draw(st.tuples(st.integers(16, 900), st.integers(16, 900)))
    contract = InputContract(
        channels="grey",
        depth=8,
        input_height=8 * rows,
        input_width=8 * columns,
        response_shift=data.draw(st.tuples(st.floats(-20, 20), st.floats(-20, 20))),
        region=data.draw(st.sampled_from([None, {"x": 0.25, "y": 0.1, "width": 0.5, "height": 0.8}])),
    )
    threshold = data.draw(st.floats(-4, 4).filter(lambda limit: limit < grid.max()))
    found = regions_on_frame(grid, threshold, contract, (height, width))
    box = contract.box(width, height)
    assert found
    assert found[0].score == grid.max()
    for region in found:
        assert box.x <= region.x < region.x + region.width <= box.x + box.width
        assert box.y <= region.y < region.y + region.height <= box.y + box.height


def test_old_contracts_are_drawn_as_before() -> None:
    contract = InputContract(channels="grey", depth=8, input_height=64, input_width=64)
    grid = np.eye(8, dtype=np.float32)
    (region,) = regions_on_frame(grid * np.float32(np.arange(8) == 2), 0.5, contract, (64, 64))
    assert (region.x, region.y, region.width, region.height) == (16, 16, 8, 8)
    assert Recipe().grid_stride == 8
