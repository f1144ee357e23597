"""16 bits and grey go from training to a verdict as 8 bits and colour do."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from schemas.reasons import FaultReason, VerdictKind
from service.banks.bank_file import read_bank
from service.images.decode import decode
from service.images.unreadable import UnfitImage
from service.inspection.extractor import PatchExtractor
from service.inspection.golden import check_golden
from service.inspection.line_model import LineModel
from service.training.build import build_bank
from service.training.part import GoodPart
from tests.parts import draw_part, encode_png
from tests.training.parts import QUICK, QuickNetwork

SIZE = (128, 128)


def pixels(seed: int, *, colour: bool, spot: bool = False) -> NDArray[np.uint8]:
    drawn = draw_part(seed, size=SIZE, colour=colour)
    if spot:
        drawn[56:72, 56:72] = (250, 40, 200) if colour else 250
        drawn[56:72, 56:72:2] = 0
    return drawn


def deep(drawn: NDArray[np.uint8], extension: str, peak: int) -> bytes:
    """16 bits a sample, whose full scale is ``peak``, with detail that 8 bits cannot hold."""
    grain = np.random.default_rng(int(drawn.sum())).integers(0, peak // 255, drawn.shape)
    samples = np.minimum(drawn.astype(np.int64) * peak // 255 + grain, peak).astype(np.uint16)
    samples[0, 0] = peak
    stored = samples if samples.ndim == 2 else cv2.cvtColor(samples, cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(extension, stored)[1])


def taught(pictures: list[bytes]) -> LineModel:
    parts = [GoodPart.of(f"{number}.tif", data) for number, data in enumerate(pictures)]
    built = build_bank("line1", "default", parts, QUICK, QuickNetwork())
    loaded = read_bank(built.data)
    model = LineModel(
        loaded.memory_bank, built.thresholds, PatchExtractor(QuickNetwork(), QUICK, loaded.manifest.contract)
    )
    check_golden(model, loaded)
    return model


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("extension", [".png", ".tiff"])
@pytest.mark.parametrize(("peak", "white"), [(4095, 4095), (65535, 65535)])
def test_sixteen_bits_are_taught_and_judged(colour: bool, extension: str, peak: int, white: int) -> None:
    model = taught([deep(pixels(seed, colour=colour), extension, peak) for seed in range(6)])
    contract = model.extractor.contract
    assert (contract.depth, contract.white) == (16, white)
    assert contract.channels == ("colour" if colour else "grey")
    judged = model.judge(decode(deep(pixels(100, colour=colour, spot=True), extension, peak)), draw="all")
    assert judged.verdict == VerdictKind.DEFECT
    assert any(
        box.x < 72 and box.x + box.width > 56 and box.y < 72 and box.y + box.height > 56
        for box in judged.regions
    )
    assert (judged.heatmap or b"").startswith(b"\x89PNG")
    with pytest.raises(UnfitImage) as refused:
        model.judge(decode(encode_png(pixels(100, colour=colour))))
    assert refused.value.reason == FaultReason.WRONG_DEPTH


def test_sixteen_bits_score_as_eight_do_where_both_hold_the_picture() -> None:
    eight = taught([encode_png(pixels(seed, colour=True)) for seed in range(6)])

    def widened(drawn: NDArray[np.uint8]) -> bytes:
        stored = cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR).astype(np.uint16) * 257
        return bytes(cv2.imencode(".png", stored)[1])

    sixteen = taught([widened(pixels(seed, colour=True)) for seed in range(6)])
    shown = pixels(100, colour=True, spot=True)
    scores = [eight.judge(decode(encode_png(shown))).score, sixteen.judge(decode(widened(shown))).score]
    assert scores[1] == pytest.approx(scores[0], rel=1e-2)


def test_grey_is_judged_however_it_is_sent() -> None:
    model = taught([encode_png(pixels(seed, colour=False)) for seed in range(6)])
    grey = pixels(100, colour=False, spot=True)
    one, three = (model.judge(decode(encode_png(each))) for each in (grey, np.repeat(grey[..., None], 3, 2)))
    assert one.verdict == three.verdict == VerdictKind.DEFECT
    assert three.score == pytest.approx(one.score, rel=1e-6)
