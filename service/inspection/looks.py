"""Looking at a picture more than once: as it is, turned by half a turn, and mirrored."""

import torch

from service.backbones.base import Backbone, Batch

AXES: tuple[tuple[int, ...], ...] = ((), (2, 3), (3,), (2,))
"""What each look turns round, of [B, C, H, W]. The half turn comes first: what the network's padding and
kernels move down and to the right in one look, they move up and to the left in the other."""


def looked_at(backbone: Backbone, batch: Batch, looks: int) -> list[torch.Tensor]:
    """The stages of each look in turn, as ``Backbone.stages`` gives them, turned back: a cell of every one
    lies on the same place of the picture. Blocks and raises as ``Backbone.stages``, for each look."""
    whole = torch.as_tensor(batch)
    stages: list[torch.Tensor] = []
    for axes in AXES[:looks]:
        seen = backbone.stages(whole.flip(axes) if axes else batch)
        stages += [stage.flip(axes) if axes else stage for stage in seen]
    return stages
