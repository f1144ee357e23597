"""The authors' embedding restated step by step, as their code does it: the yardstick of the closed form.

Source: patchcore-inspection, `PatchCore._embed` with its PatchMaker, MeanMapper and Aggregator.
"""

import torch
import torch.nn.functional as nnf

PATCH = 3
DIMENSIONS = 1024


def authors_embedding(stages: list[torch.Tensor]) -> torch.Tensor:
    """(B, C_i, H_i, W_i), finest first, to (B, H_0, W_0, 1024)."""
    batch, _, height, width = stages[0].shape
    patches = [_patchify(stage) for stage in stages]
    raised = [patches[0], *(_raised(patch, (height, width)) for patch in patches[1:])]
    mapped = [_mean_mapped(patch.flatten(0, 2)) for patch in raised]
    return _mean_mapped(torch.stack(mapped, dim=1)).reshape(batch, height, width, DIMENSIONS)


def _patchify(stage: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W) to (B, H, W, C, 3, 3)."""
    batch, channels, height, width = stage.shape
    unfolded = nnf.unfold(stage, kernel_size=PATCH, stride=1, padding=1)
    return unfolded.reshape(batch, channels, PATCH, PATCH, height, width).permute(0, 4, 5, 1, 2, 3)


def _raised(patches: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Every one of the C x 3 x 3 planes raised bilinearly to the finest grid."""
    planes = patches.permute(0, 3, 4, 5, 1, 2)
    leading = planes.shape[:4]
    flat = planes.reshape(-1, 1, *planes.shape[-2:])
    grown = nnf.interpolate(flat, size=size, mode="bilinear", align_corners=False)
    return grown.reshape(*leading, *size).permute(0, 4, 5, 1, 2, 3)


def _mean_mapped(values: torch.Tensor) -> torch.Tensor:
    """(N, ...) to (N, 1024) by adaptive pooling over everything else."""
    return nnf.adaptive_avg_pool1d(values.reshape(len(values), 1, -1), DIMENSIONS).squeeze(1)
