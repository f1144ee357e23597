"""The embedding: feature stages of a backbone to one vector a patch."""

from collections.abc import Sequence
from itertools import cycle

import torch
import torch.nn.functional as nnf

from service.patchcore.paper_embedding import paper_pooled
from service.patchcore.recipe import Recipe


def embed(stages: Sequence[torch.Tensor], recipe: Recipe) -> torch.Tensor:
    """Locally aware patch features (PatchCore, Roth et al. 2022, section 3.1).

    `stages`: one tensor (B, C_i, H_i, W_i) for each of `recipe.stages`, finest first, network after network
    where the backbone has several. Returns (B, H, W, D),
    float32, contiguous, D the sum of C_i, on the stages' device; H and W are the input's size over
    `recipe.grid_stride`. Each stage gets the k x k mean of its own cells: cells outside the picture do not
    count (the authors pad with zeros, which makes every border patch look darker than it is). Coarser stages
    are raised bilinearly with half-pixel centres, finer ones averaged over their area. With pooling "paper"
    it is the authors' embedding, D twice C_0 (see paper_embedding). Raises ValueError when the stages do not
    fit the recipe or each other.
    """
    _check(stages, recipe)
    height, width = _grid(stages[0], recipe)
    # A cell's channels side by side from the first on: means and raising take a fifth of the time so.
    laid = [stage.float().contiguous(memory_format=torch.channels_last) for stage in stages]
    aligned = [_align(stage, height, width) for stage in _pooled(laid, recipe)]
    return torch.cat(aligned, dim=1).permute(0, 2, 3, 1).contiguous()


def _pooled(stages: Sequence[torch.Tensor], recipe: Recipe) -> list[torch.Tensor]:
    if recipe.pooling == "paper":
        return paper_pooled(stages)
    return [_local_mean(stage, side) for stage, side in zip(stages, cycle(recipe.patch_means), strict=False)]


def _local_mean(stage: torch.Tensor, side: int) -> torch.Tensor:
    if side == 1:
        return stage
    return nnf.avg_pool2d(stage, side, stride=1, padding=side // 2, count_include_pad=False)


def _align(stage: torch.Tensor, height: int, width: int) -> torch.Tensor:
    size = (stage.shape[2], stage.shape[3])
    if size == (height, width):
        return stage
    if size[0] >= height and size[1] >= width:
        down, right = size[0] // height, size[1] // width
        if size == (height * down, width * right):
            return nnf.avg_pool2d(stage, (down, right))
        return nnf.interpolate(stage, size=(height, width), mode="area")
    return nnf.interpolate(stage, size=(height, width), mode="bilinear", align_corners=False)


def _grid(finest: torch.Tensor, recipe: Recipe) -> tuple[int, int]:
    stride = recipe.stages[0]
    return finest.shape[2] * stride // recipe.grid_stride, finest.shape[3] * stride // recipe.grid_stride


def _check(stages: Sequence[torch.Tensor], recipe: Recipe) -> None:
    if not stages or len(stages) % len(recipe.stages):
        raise ValueError(
            f"{len(stages)} stages came for {len(recipe.stages)} strides: give one for each stride"
        )
    if any(s.ndim != 4 for s in stages):
        raise ValueError("a stage is not (B, C, H, W): give feature maps with their batch axis")
    inputs = {
        (s.shape[0], s.shape[2] * stride, s.shape[3] * stride)
        for s, stride in zip(stages, cycle(recipe.stages), strict=False)
    }
    if len(inputs) != 1:
        raise ValueError(f"the stages come from different inputs {sorted(inputs)}: give those of one batch")
    _, height, width = inputs.pop()
    if height % recipe.grid_stride or width % recipe.grid_stride:
        raise ValueError(
            f"grid_stride {recipe.grid_stride} does not divide the input {height} x {width}: use input_size"
        )
