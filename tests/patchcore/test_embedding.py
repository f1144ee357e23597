import pytest
import torch
import torch.nn.functional as nnf

from service.patchcore.embedding import embed
from service.patchcore.recipe import Recipe


def stages(batch: int = 2, height: int = 64, width: int = 96) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(batch, channels, height // stride, width // stride, generator=generator)
        for channels, stride in ((3, 8), (5, 16))
    ]


def test_shape_is_grid_and_all_channels() -> None:
    out = embed(stages(), Recipe())
    assert out.shape == (2, 8, 12, 8)
    assert out.dtype == torch.float32
    assert out.is_contiguous()


def test_finest_stage_is_the_mean_of_the_cells_inside_the_picture() -> None:
    fine = stages()[0]
    out = embed(stages(), Recipe())[..., :3]
    assert torch.allclose(out[0, 4, 5], fine[0, :, 3:6, 4:7].mean(dim=(1, 2)), atol=1e-6)
    assert torch.allclose(out[0, 0, 0], fine[0, :, :2, :2].mean(dim=(1, 2)), atol=1e-6)


def test_coarser_stage_is_raised_with_half_pixel_centres() -> None:
    coarse = stages()[1]
    out = embed(stages(), Recipe(patch_mean=1))[..., 3:].permute(0, 3, 1, 2)
    raised = nnf.interpolate(coarse, size=(8, 12), mode="bilinear", align_corners=False)
    assert torch.allclose(out, raised)


def test_each_stage_may_have_a_mean_of_its_own() -> None:
    fine_alone, both = embed(stages(), Recipe(patch_mean=(1, 3))), embed(stages(), Recipe())
    assert torch.equal(fine_alone[..., :3], embed(stages(), Recipe(patch_mean=1))[..., :3])
    assert torch.equal(fine_alone[..., 3:], both[..., 3:])


def test_finer_stage_is_averaged_over_its_area() -> None:
    fine = stages()[0]
    out = embed(stages(), Recipe(patch_mean=1, grid_stride=16))
    assert out.shape == (2, 4, 6, 8)
    assert torch.allclose(out[0, 1, 2, :3], fine[0, :, 2:4, 4:6].mean(dim=(1, 2)), atol=1e-6)


def test_constant_features_stay_constant_up_to_the_border() -> None:
    flat = [torch.full_like(s, 2.5) for s in stages()]
    assert torch.allclose(embed(flat, Recipe()), torch.tensor(2.5))


def test_a_picture_embeds_the_same_alone_and_in_a_batch() -> None:
    both = embed(stages(), Recipe())
    alone = embed([s[1:] for s in stages()], Recipe())
    assert torch.allclose(both[1:], alone, atol=1e-6)


def test_half_precision_comes_out_as_float32() -> None:
    assert embed([s.bfloat16() for s in stages()], Recipe()).dtype == torch.float32


def test_stages_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one for each stride"):
        embed(stages()[:1], Recipe())
    with pytest.raises(ValueError, match="different inputs"):
        embed([stages()[0], stages()[1][:, :, :3]], Recipe())
    with pytest.raises(ValueError, match="batch axis"):
        embed([s[0] for s in stages()], Recipe())
    with pytest.raises(ValueError, match="does not divide"):
        embed([torch.zeros(1, 2, 3, 3)], Recipe(stages=(8,), grid_stride=16))
