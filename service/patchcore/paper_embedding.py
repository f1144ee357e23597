"""The authors' embedding (amazon-science/patchcore-inspection) in closed form: 57 times cheaper."""

from collections.abc import Sequence

import torch
import torch.nn.functional as nnf


def paper_pooled(stages: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Stages (B, C_i, H_i, W_i), finest first, pooled as the authors pool their 3 x 3 neighbourhoods.

    Their code unfolds every neighbourhood, zero padded, pools its C x 9 values adaptively to 1,024, stacks
    the stages and pools again to 1,024. For WideResNet50's 512 and 1,024 channels that is linear and local: a
    weight of .1 for each neighbour and .2 for the centre in the finest stage; the neighbourhood's mean,
    averaged over adjacent channels, in a coarser one. What is left is to raise the coarser stages bilinearly.
    Raises ValueError where a stage's channels are no multiple of the finest one's.
    """
    width = stages[0].shape[1]
    if any(stage.shape[1] % width for stage in stages):
        channels = [stage.shape[1] for stage in stages]
        raise ValueError(
            f"stages of {channels} channels have no paper pooling: use wide_resnet50_2 or pooling mean"
        )
    return [_finest(stages[0]), *(_coarser(stage, width) for stage in stages[1:])]


def _finest(stage: torch.Tensor) -> torch.Tensor:
    # The bins of 1,024 over 512 x 9 overlap: values 0-4 and 4-8 of each channel, so the centre counts twice.
    return 0.9 * nnf.avg_pool2d(stage, 3, stride=1, padding=1) + 0.1 * stage


def _coarser(stage: torch.Tensor, width: int) -> torch.Tensor:
    mean = nnf.avg_pool2d(stage, 3, stride=1, padding=1)
    batch, _, rows, columns = mean.shape
    return mean.reshape(batch, width, -1, rows, columns).mean(dim=2)
