"""Banks that a CPU made and a GPU serves, and the reverse: the same scores, and the same verdicts outside of
what the arithmetic explains."""

from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from service.backbones.configured import backbone_for
from service.backbones.precision import Arithmetic
from service.banks.bank_file import LoadedBank, read_bank
from service.images.decode import decode
from service.inspection.extractor import PatchExtractor
from service.inspection.golden import TOLERANCES, check_golden
from service.inspection.judgement import Judgement
from service.inspection.line_model import LineModel
from service.inspection.together import judge_batch
from service.patchcore.exact_index import ExactIndex, faiss_has
from service.patchcore.recipe import Recipe
from service.patchcore.recipes import BALANCED, FAST, PLAIN
from service.settings import EngineSettings
from service.training.build import build_bank
from service.training.part import GoodPart
from service.training.thresholds import thresholds_of
from tests.cuda.device import DEVICE, on_cuda
from tests.inspection.cells import all_cells, cell_bytes

pytestmark = [pytest.mark.gpu, on_cuda, pytest.mark.timeout(600)]
RECIPES = {recipe.name: recipe for recipe in (PLAIN, FAST, BALANCED)}
TAUGHT, JUDGED = 30, 160


@lru_cache(maxsize=8)
def bank(name: str, device: str, precision: Arithmetic) -> LoadedBank:
    recipe = RECIPES[name]
    names = all_cells("mono", 0.0)[:TAUGHT]
    parts = [GoodPart.of(each, cell_bytes(each)) for each in names]
    backbone = backbone_for(recipe, EngineSettings(device=device, precision=precision))
    return read_bank(build_bank("line1", "default", parts, recipe, backbone).data)


def served(loaded: LoadedBank, engine: EngineSettings) -> LineModel:
    backbone = backbone_for(loaded.manifest.recipe, engine, loaded.manifest.precision)
    extractor = PatchExtractor(backbone, loaded.manifest.recipe, loaded.manifest.contract)
    thresholds = thresholds_of(loaded.memory_bank.calibration_scores)
    return LineModel(loaded.memory_bank, thresholds, extractor, search=engine.search)


def scores(model: LineModel) -> NDArray[np.float64]:
    """Of whole and broken cells that the bank does not know, in batches of 8 as a worker judges them."""
    found = []
    names = all_cells("mono", 0.0)[TAUGHT : TAUGHT + JUDGED // 2] + all_cells("mono", 1.0)[: JUDGED // 2]
    for start in range(0, len(names), 8):
        for outcome in judge_batch(model, [decode(cell_bytes(each)) for each in names[start : start + 8]]):
            assert isinstance(outcome, Judgement)
            found.append(outcome.score)
    return np.array(found)


def compare(name: str, exact: LineModel, found: LineModel, precision: Arithmetic) -> None:
    ours, wanted = scores(found), scores(exact)
    usual = float(np.median(exact.bank.calibration_scores))
    band = TOLERANCES[precision] * np.maximum(np.abs(wanted), usual)
    assert (np.abs(ours - wanted) <= band).all(), (name, float((np.abs(ours - wanted) / band).max()))
    for limit in (exact.thresholds.defect_score, exact.thresholds.review_score):
        clear = np.abs(wanted - limit) > band
        assert ((ours > limit) == (wanted > limit))[clear].all()


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("name", RECIPES)
def test_a_bank_of_a_cpu_is_served_by_a_gpu_with_the_same_scores_and_verdicts(
    name: str, precision: Arithmetic
) -> None:
    loaded = bank(name, "cpu", "float32")
    exact = served(loaded, EngineSettings(precision="float32"))
    found = served(loaded, EngineSettings(device=DEVICE, precision=precision))
    check_golden(found, loaded)
    compare(name, exact, found, precision)


@pytest.mark.parametrize("name", RECIPES)
def test_a_bank_of_a_gpu_in_half_precision_is_served_by_a_cpu(name: str) -> None:
    loaded = bank(name, DEVICE, "float16")
    assert loaded.manifest.precision == "float16"
    on_cpu = served(loaded, EngineSettings())
    assert on_cpu.extractor.backbone.precision == "float32"
    check_golden(on_cpu, loaded)
    compare(name, on_cpu, served(loaded, EngineSettings(device=DEVICE)), "float16")


def test_the_same_seed_gives_the_same_bank_bit_for_bit() -> None:
    parts = [GoodPart.of(each, cell_bytes(each)) for each in all_cells("mono", 0.0)[:12]]
    recipe = Recipe(coreset_share=0.05, whiten=True)
    backbone = backbone_for(recipe, EngineSettings(device=DEVICE))
    first, second = (read_bank(build_bank("l", "m", parts, recipe, backbone).data) for _ in range(2))
    assert first.memory_bank.vectors.tobytes() == second.memory_bank.vectors.tobytes()
    assert np.array_equal(first.memory_bank.calibration_scores, second.memory_bank.calibration_scores)


@pytest.mark.skipif(not faiss_has(DEVICE), reason="needs a FAISS with CUDA")
def test_faiss_on_the_gpu_finds_what_the_product_finds() -> None:
    loaded = bank("plain", "cpu", "float32")
    engine = EngineSettings(device=DEVICE, precision="float32")
    product = served(loaded, engine)
    flat = served(loaded, engine.model_copy(update={"search": "exact"}))
    assert isinstance(flat.index, ExactIndex)
    np.testing.assert_allclose(scores(flat), scores(product), rtol=1e-4)
    flat.close()
