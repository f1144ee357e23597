import pytest
import timm
import torch

from service.patchcore.embedding import embed
from service.patchcore.recipe import Recipe
from tests.patchcore.authors_embedding import authors_embedding

PAPER = Recipe(backbone="wide_resnet50_2", pooling="paper")


@pytest.fixture(scope="module")
def wide_resnet_stages() -> list[torch.Tensor]:
    torch.manual_seed(0)
    network = timm.create_model("wide_resnet50_2", features_only=True, out_indices=(2, 3)).eval()
    with torch.inference_mode():
        stages: list[torch.Tensor] = network(torch.randn(2, 3, 64, 96))
    return stages


def test_the_closed_form_is_the_authors_embedding(wide_resnet_stages: list[torch.Tensor]) -> None:
    expected = authors_embedding(wide_resnet_stages)
    got = embed(wide_resnet_stages, PAPER)
    assert got.shape == expected.shape == (2, 8, 12, 1024)
    assert float((got - expected).abs().max()) <= 1e-5 * float(expected.abs().max())


def test_a_network_without_a_paper_pooling_is_refused() -> None:
    stages = [torch.zeros(1, 48, 8, 8), torch.zeros(1, 120, 4, 4)]
    with pytest.raises(ValueError, match="no paper pooling"):
        embed(stages, PAPER)
