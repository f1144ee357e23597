"""Whatever computes: the same scores, the same verdicts, and banks that change hands."""

from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from service.backbones.base import Backbone
from service.backbones.configured import backbone_for
from service.backbones.loading import load_backbone
from service.backbones.network import Network
from service.backbones.precision import Arithmetic, chosen
from service.backbones.runtime import Runtime
from service.banks.bank_file import read_bank
from service.inspection.extractor import PatchExtractor
from service.inspection.golden import check_golden
from service.inspection.judgement import verdict_of
from service.inspection.line_model import LineModel
from service.patchcore.recipe import Recipe
from service.settings import EngineSettings
from service.training.build import build_bank
from tests.inspection.cells import cells
from tests.inspection.lines import teach
from tests.training.parts import good_parts

pytest.importorskip("openvino")
LITES = ("efficientnet_lite0", "tf_efficientnet_lite0", "efficientnet_lite2")
NATIVE: list[Arithmetic] = ["float32", "bfloat16"] if chosen("auto", "cpu") == "bfloat16" else ["float32"]
BANDS: dict[Arithmetic, float] = {"float32": 1e-4, "bfloat16": 3e-2}
"""Of torch's score in float32. In bfloat16 torch itself lies up to 2.2e-2 off on these cells."""
SWAP = 2e-2
"""Of torch's score in the same arithmetic: what golden frames allow at most."""
SMALL = Recipe(coreset_share=0.1, input_pixels=128 * 128)


@lru_cache(maxsize=1)
def cell_line(name: str) -> LineModel:
    """Taught by torch in float32."""
    return teach(cells("mono", 0.0, 0, 10), Recipe(backbone=name, coreset_share=0.05, max_vectors=2000))


def scores(line: LineModel, backbone: Backbone) -> NDArray[np.float32]:
    """Of whole and broken cells, in batches of 8, 3 and 1."""
    extractor = PatchExtractor(backbone, line.bank.recipe, line.extractor.contract)
    pictures = cells("mono", 0.0, 40, 6) + cells("mono", 1.0, 0, 6)
    parts = [extractor.extract(pictures[start:stop]) for start, stop in ((0, 8), (8, 11), (11, 12))]
    found: NDArray[np.float32] = line.score_features(np.concatenate(parts)).max(axis=(1, 2))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", LITES)
def test_scores_of_real_cells_are_torchs_and_so_are_verdicts_outside_the_band(name: str) -> None:
    line = cell_line(name)
    exact = scores(line, line.extractor.backbone)
    for precision in NATIVE:
        found, torchs_own = (
            scores(line, load_backbone(name, (8, 16), precision=precision, runtime=runtime))
            for runtime in (Runtime.OPENVINO, Runtime.TORCH)
        )
        band = BANDS[precision]
        np.testing.assert_allclose(found, exact, rtol=band)
        np.testing.assert_allclose(found, torchs_own, rtol=min(band, SWAP))
        for ours, torchs in zip(found, exact, strict=True):
            limits = (line.thresholds.defect_score, line.thresholds.review_score)
            if all(abs(torchs - limit) > band * limit for limit in limits):
                assert verdict_of(float(ours), line.thresholds) is verdict_of(float(torchs), line.thresholds)


@pytest.mark.parametrize("precision", NATIVE)
@pytest.mark.parametrize(
    ("taught_by", "served_by"), [(Runtime.TORCH, Runtime.OPENVINO), (Runtime.OPENVINO, Runtime.TORCH)]
)
def test_a_bank_of_one_runtime_is_accepted_by_the_other_in_its_own_arithmetic(
    taught_by: Runtime, served_by: Runtime, precision: Arithmetic
) -> None:
    teacher = backbone_for(SMALL, EngineSettings(runtime=taught_by, precision=precision))
    built = build_bank("line1", "default", good_parts(6), SMALL, teacher)
    loaded = read_bank(built.data)
    backbone = backbone_for(SMALL, EngineSettings(runtime=served_by), loaded.manifest.precision)
    assert isinstance(backbone, Network)
    assert (backbone.runtime, backbone.precision) == (served_by, precision)
    extractor = PatchExtractor(backbone, SMALL, loaded.manifest.contract)
    check_golden(LineModel(loaded.memory_bank, built.thresholds, extractor), loaded)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["mono", "poly"])
def test_all_cells_have_torchs_scores_and_verdicts(kind: str) -> None:
    line, batch = cell_line("efficientnet_lite0"), 16
    recipe, contract = line.bank.recipe, line.extractor.contract
    found: dict[Runtime, list[float]] = {}
    for runtime in (Runtime.TORCH, Runtime.OPENVINO):
        backbone = load_backbone(recipe.backbone, (8, 16), precision="float32", runtime=runtime)
        extractor, scored = PatchExtractor(backbone, recipe, contract), found.setdefault(runtime, [])
        for probability in (0.0, 1 / 3, 2 / 3, 1.0):
            pictures = cells(kind, round(probability, 16), 0, 3000)
            for start in range(0, len(pictures), batch):
                grids = line.score_features(extractor.extract(pictures[start : start + batch]))
                scored += [float(grid.max()) for grid in grids]
    exact, ours = np.array(found[Runtime.TORCH]), np.array(found[Runtime.OPENVINO])
    assert len(exact) > 1000
    np.testing.assert_allclose(ours, exact, rtol=BANDS["float32"])
    for limit in (line.thresholds.defect_score, line.thresholds.review_score):
        clear = np.abs(exact - limit) > BANDS["float32"] * limit
        assert ((ours > limit) == (exact > limit))[clear].all()
