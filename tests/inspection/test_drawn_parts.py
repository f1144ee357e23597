import numpy as np
import pytest

from schemas.activation import Thresholds
from schemas.reasons import FaultReason, VerdictKind
from service.images.unreadable import UnfitImage
from service.inspection.judgement import Judgement, verdict_of
from service.inspection.together import judge_batch, judge_together
from tests.inspection.lines import drawn_line, picture
from tests.parts import DEFECTS, Defect, draw_part

UNSEEN = range(1000, 1010)


@pytest.mark.parametrize("defect", DEFECTS)
def test_defects_score_above_every_good_part(defect: Defect) -> None:
    line = drawn_line()
    good = [line.judge(picture(draw_part(seed))).score for seed in UNSEEN]
    bad = [line.judge(picture(draw_part(seed, defect))) for seed in UNSEEN[:4]]
    assert min(judged.score for judged in bad) > max(good)
    assert all(judged.verdict == VerdictKind.DEFECT for judged in bad)


def test_a_flagged_part_has_regions_and_a_heatmap_and_an_ok_part_has_none() -> None:
    line = drawn_line()
    for defect in (None, "spot"):
        judged = line.judge(picture(draw_part(1003, defect)))
        flagged = judged.verdict != VerdictKind.OK
        assert bool(judged.regions) == flagged == (judged.heatmap is not None)
        assert judged.score == float(judged.patch_scores.max())


@pytest.mark.parametrize("size", [(320, 320), (241, 397)])
@pytest.mark.parametrize("corner", ["top-left", "top-right", "bottom-left", "bottom-right", "middle"])
def test_a_spot_is_found_at_its_pixels(size: tuple[int, int], corner: str) -> None:
    height, width = size
    line = drawn_line(size, 12)
    x = 2 if "left" in corner else width // 2 if corner == "middle" else width - 18
    y = 2 if "top" in corner else height // 2 if corner == "middle" else height - 18
    pixels = draw_part(1000, size=size)
    pixels[y : y + 16, x : x + 16] = (250, 40, 200)
    judged = line.judge(picture(pixels))
    top = judged.regions[0]
    assert top.x <= x + 8 <= top.x + top.width
    assert top.y <= y + 8 <= top.y + top.height
    assert top.width * top.height < 0.15 * width * height
    assert top.x + top.width <= width
    assert top.y + top.height <= height


def test_a_batch_judges_each_picture_as_if_it_were_alone() -> None:
    line = drawn_line()
    pictures = [picture(draw_part(seed, "chip" if seed % 2 else None)) for seed in UNSEEN[:5]]
    together = judge_batch(line, pictures)
    for alone, judged in zip(map(line.judge, pictures), together, strict=True):
        assert isinstance(judged, Judgement)
        assert judged.score == pytest.approx(alone.score, rel=1e-3)
        assert judged.verdict == alone.verdict


def test_lines_share_a_batch_and_keep_their_banks() -> None:
    first, second, other = drawn_line(), drawn_line((320, 320), 12), drawn_line((241, 397), 12)
    square, wide = picture(draw_part(1001, "spot")), picture(draw_part(1001, size=(241, 397)))
    pairs = [(first, square), (other, wide), (second, square), (first, square)]
    outcomes = judge_together(pairs)
    for (line, part), outcome in zip(pairs, outcomes, strict=True):
        assert isinstance(outcome, Judgement)
        assert outcome.score == pytest.approx(line.judge(part).score, rel=1e-3)


def test_an_unfit_picture_harms_no_neighbour() -> None:
    line = drawn_line()
    flat, good = picture(np.full((320, 320, 3), 30, np.uint8)), picture(draw_part(1000))
    grey = picture(draw_part(1000, colour=False))
    outcomes = judge_batch(line, [flat, good, grey])
    assert isinstance(outcomes[0], UnfitImage)
    assert outcomes[0].reason == FaultReason.FLAT
    assert isinstance(outcomes[1], Judgement)
    assert isinstance(outcomes[2], UnfitImage)
    assert outcomes[2].reason == FaultReason.WRONG_CHANNELS
    with pytest.raises(UnfitImage):
        line.judge(flat)
    assert judge_batch(line, []) == []


def test_heatmaps_are_drawn_as_asked() -> None:
    line, good, bad = drawn_line(), picture(draw_part(1000)), picture(draw_part(1000, "chip"))
    assert line.judge(good, draw="all").heatmap is not None
    assert line.judge(bad, draw="none").heatmap is None
    assert (line.judge(bad).heatmap or b"").startswith(b"\x89PNG")
    assert line.judge(bad).heatmap == line.judge(bad).heatmap


@pytest.mark.parametrize(
    ("score", "verdict"),
    [(2.0, VerdictKind.OK), (2.1, VerdictKind.REVIEW), (3.0, VerdictKind.REVIEW), (3.1, VerdictKind.DEFECT)],
)
def test_a_verdict_changes_above_its_threshold_and_not_at_it(score: float, verdict: VerdictKind) -> None:
    thresholds = Thresholds(
        wished_alpha=0.01,
        alpha=0.02,
        review_alpha=0.06,
        defect_score=3.0,
        review_score=2.0,
        calibration_parts=49,
    )
    assert verdict_of(score, thresholds) == verdict


def test_a_verdict_agrees_with_its_p_value() -> None:
    line = drawn_line()
    for seed in UNSEEN:
        judged = line.judge(picture(draw_part(seed)), draw="none")
        assert (judged.verdict == VerdictKind.DEFECT) == (judged.p_value <= line.thresholds.alpha)
