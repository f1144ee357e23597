"""Outside of the region of interest and the mask nothing counts."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reasons import VerdictKind
from service.banks.bank_file import read_bank
from service.images.interest import Interest
from service.inspection.extractor import PatchExtractor
from service.inspection.line_model import LineModel
from service.inspection.patch_grid import PatchGrid
from service.training.build import build_bank
from service.training.part import GoodPart
from service.training.refusal import TrainingRefused
from tests.inspection.lines import picture
from tests.parts import Image, draw_part, encode_png
from tests.training.parts import QUICK, QuickNetwork

SIZE = (128, 160)
MIDDLE = [[40, 32], [120, 32], [120, 96], [40, 96]]


def line(roi: str | None = None, **mask: object) -> LineModel:
    parts = [GoodPart.of(f"{seed}.png", encode_png(draw_part(seed, size=SIZE))) for seed in range(6)]
    interest = Interest.read(roi, json.dumps(mask).encode() if mask else None)
    built = build_bank("line1", "default", parts, QUICK, QuickNetwork(), interest=interest)
    loaded = read_bank(built.data)
    extractor = PatchExtractor(QuickNetwork(), QUICK, loaded.manifest.contract)
    return LineModel(loaded.memory_bank, built.thresholds, extractor)


def spotted(x: int, y: int, seed: int = 1000) -> Image:
    pixels = draw_part(seed, size=SIZE)
    pixels[y : y + 16, x : x + 16] = (250, 40, 200)
    return pixels


@pytest.mark.parametrize("roi", [None, "32,24,100,80"])
def test_a_defect_outside_the_mask_changes_no_score_and_one_inside_is_found(roi: str | None) -> None:
    model = line(roi, look=[MIDDLE])
    clean, outside, inside = (
        model.judge(picture(pixels), draw="all")
        for pixels in (draw_part(1000, size=SIZE), spotted(4, 100), spotted(72, 56))
    )
    assert np.array_equal(clean.patch_scores, outside.patch_scores)
    assert inside.verdict == VerdictKind.DEFECT
    region = inside.regions[0]
    assert region.x <= 80 <= region.x + region.width
    assert region.y <= 64 <= region.y + region.height


def test_a_defect_outside_the_region_changes_no_score_and_one_inside_is_found_at_its_pixels() -> None:
    model = line("60,40,96,80")
    clean, outside, inside = (
        model.judge(picture(pixels))
        for pixels in (draw_part(1000, size=SIZE), spotted(8, 8), spotted(136, 96))
    )
    assert np.array_equal(clean.patch_scores, outside.patch_scores)
    region = inside.regions[0]
    assert region.x <= 144 <= region.x + region.width <= 156
    assert region.y <= 104 <= region.y + region.height <= 120


def test_a_mask_that_leaves_all_in_changes_no_score() -> None:
    everything = [[0, 0], [160, 0], [160, 128], [0, 128]]
    masked, free = line(look=[everything]), line()
    assert masked.bank.grid == (1, free.bank.grid[0] * free.bank.grid[1])
    assert np.array_equal(masked.bank.vectors, free.bank.vectors)
    for seed in (1000, 1001):
        shown = picture(spotted(72, 56, seed))
        np.testing.assert_array_equal(masked.judge(shown).patch_scores, free.judge(shown).patch_scores)


def test_a_mask_that_leaves_no_patch_is_refused() -> None:
    with pytest.raises((TrainingRefused, ValueError), match="leaves no patch to look at"):
        line(look=[[[10, 10], [12, 10], [12, 12], [10, 12]]])


@given(st.data())
def test_cells_that_do_not_count_are_never_the_highest_and_never_alarm(data: st.DataObject) -> None:
    counted = np.array(data.draw(st.lists(st.booleans(), min_size=12, max_size=12))).reshape(3, 4)
    if not counted.any():
        return
    grid = PatchGrid(3, 4, counted)
    values = st.floats(-4, 4, width=32)
    scores = np.array(
        data.draw(st.lists(values, min_size=int(counted.sum()), max_size=int(counted.sum()))), np.float32
    )
    drawn = grid.laid_out(scores[None, None])[0]
    assert drawn.max() == max(scores.max(), drawn[~counted].max(initial=-9))
    assert drawn[~counted].max(initial=-9) <= max(scores.max(), 0)
    assert np.array_equal(drawn[counted], scores)
    assert not (grid.alarming(drawn)[~counted] > -np.inf).any()
