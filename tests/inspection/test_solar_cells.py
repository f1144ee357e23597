"""Real photographs: what drawn parts cannot show."""

import pytest

from schemas.reasons import VerdictKind
from service.images.checks import check_fit
from service.inspection.judgement import Judgement
from service.inspection.line_model import LineModel
from service.inspection.together import judge_batch
from tests.inspection.cells import cells
from tests.inspection.lines import teach

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def line() -> LineModel:
    return teach(cells("mono", 0.0, 0, 40))


def test_dark_cells_are_fit_to_be_judged() -> None:
    for kind in ("mono", "poly"):
        for picture in cells(kind, 1.0, 0, 30) + cells(kind, 0.0, 0, 30):
            check_fit(picture)


def test_the_contract_of_grey_cells_is_grey_and_of_one_size(line: LineModel) -> None:
    contract = line.extractor.contract
    assert (contract.channels, contract.depth, contract.width, contract.height) == ("grey", 8, 300, 300)


def test_broken_cells_rank_above_whole_ones(line: LineModel) -> None:
    whole, broken = cells("mono", 0.0, 40, 16), cells("mono", 1.0, 0, 16)
    judged = judge_batch(line, whole, draw="none") + judge_batch(line, broken, draw="none")
    scores = [each.score for each in judged if isinstance(each, Judgement)]
    good, bad = scores[:16], scores[16:]
    auroc = sum(b > g for b in bad for g in good) / (len(good) * len(bad))
    assert auroc > 0.85


@pytest.mark.parametrize("size", [2, 7, 16])
def test_the_batch_size_moves_no_score(line: LineModel, size: int) -> None:
    pictures = cells("mono", 1.0, 0, size)
    for alone, judged in zip(map(line.judge, pictures), judge_batch(line, pictures), strict=True):
        assert isinstance(judged, Judgement)
        assert judged.score == pytest.approx(alone.score, rel=1e-3)
        if judged.verdict == VerdictKind.DEFECT:
            assert judged.regions
