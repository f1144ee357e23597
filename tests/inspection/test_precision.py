"""A faster arithmetic must not judge otherwise: users of exports complain of nothing more."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch

from service.backbones.loading import load_backbone
from service.backbones.runtime import Runtime
from service.inspection.extractor import PatchExtractor
from tests.inspection.lines import RECIPE, drawn_line, picture
from tests.parts import DEFECTS, draw_part


def test_bfloat16_moves_no_score_by_more_than_two_hundredths() -> None:
    line = drawn_line()
    fast = load_backbone(RECIPE.backbone, RECIPE.stages, precision="bfloat16")
    extractor = PatchExtractor(fast, RECIPE, line.extractor.contract)
    kinds = (None, None, *DEFECTS)
    pictures = [picture(draw_part(700 + seed, kind)) for seed, kind in enumerate(kinds)]
    exact = line.score_features(line.extractor.extract(pictures)).max(axis=(1, 2))
    rounded = line.score_features(extractor.extract(pictures)).max(axis=(1, 2))
    np.testing.assert_allclose(rounded, exact, rtol=2e-2)


def test_the_batch_moves_no_score_in_bfloat16() -> None:
    line = drawn_line()
    fast = load_backbone(RECIPE.backbone, RECIPE.stages, precision="bfloat16")
    extractor = PatchExtractor(fast, RECIPE, line.extractor.contract)
    pictures = [picture(draw_part(720 + seed)) for seed in range(4)]
    together = line.score_features(extractor.extract(pictures)).max(axis=(1, 2))
    alone = [line.score_features(extractor.extract([one])).max() for one in pictures]
    np.testing.assert_allclose(together, alone, rtol=2e-2)


_NO_OPENVINO = pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is not installed")


@pytest.mark.parametrize("runtime", [Runtime.TORCH, pytest.param(Runtime.OPENVINO, marks=_NO_OPENVINO)])
def test_threads_and_runtime_move_no_score_by_more_than_a_thousandth_in_float32(runtime: Runtime) -> None:
    line = drawn_line()
    network = load_backbone(RECIPE.backbone, RECIPE.stages, runtime=runtime)
    extractor = PatchExtractor(network, RECIPE, line.extractor.contract)
    pictures = [picture(draw_part(740 + seed, kind)) for seed, kind in enumerate((None, *DEFECTS))]
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = line.score_features(extractor.extract(pictures)).max(axis=(1, 2))
        torch.set_num_threads(3)
        shared = line.score_features(extractor.extract(pictures)).max(axis=(1, 2))
    finally:
        torch.set_num_threads(before)
    exact = line.score_features(line.extractor.extract(pictures)).max(axis=(1, 2))
    np.testing.assert_allclose(shared, alone, rtol=1e-3)
    np.testing.assert_allclose(alone, exact, rtol=1e-3)
