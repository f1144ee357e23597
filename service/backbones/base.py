"""The port of every network: a batch in, the feature stages that a recipe names out."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from service.backbones.precision import Arithmetic
from service.backbones.recorded import Recordings
from service.images.resize import Triple

Batch: TypeAlias = NDArray[np.float32] | torch.Tensor
"""Normalised pixels [B, 3, H, W], float32: an array, or a tensor that is on the backbone's device already."""


class Backbone(Protocol):
    """One network on one device, owned by one thread: convolutions, or a transformer whose tokens, laid out
    on their grid and without those of the class, are the stage of its patch's stride.

    ``weights_sha256`` names its weights: features of other weights are not comparable. ``strides`` are the
    input's pixels for each cell of a stage, finest first, and ``channels`` the stages' depths. ``mean`` and
    ``std`` are what the weights were trained to see, of pixels between 0 and 1 in RGB order. One
    that launches the same kernels for every batch of a shape has ``recordings`` to replay them from.
    """

    @property
    def name(self) -> str: ...
    @property
    def weights_sha256(self) -> str: ...
    @property
    def strides(self) -> tuple[int, ...]: ...
    @property
    def channels(self) -> tuple[int, ...]: ...
    @property
    def device(self) -> str: ...
    @property
    def precision(self) -> Arithmetic: ...
    @property
    def mean(self) -> Triple: ...
    @property
    def std(self) -> Triple: ...
    @property
    def recordings(self) -> Recordings | None: ...

    def stages(self, batch: Batch) -> list[torch.Tensor]:
        """``batch`` [B, 3, H, W] with H and W multiples of 32, to one fp32 tensor [B, C, H/s, W/s] a stride,
        on ``device``, without gradients. A picture's features do not depend on its neighbours in the batch
        beyond rounding (1e-5 relative in float32). Blocks for the network's time, and raises
        NonFiniteFeatures when a value is no number, as happens in half precision; a device is not waited for,
        so that whoever brings its values back has to look (``finite.not_finite``). One thread at a time."""
        ...


def recorded_stages(backbone: Backbone, batch: torch.Tensor) -> Sequence[torch.Tensor]:
    """``backbone.stages``, replayed where they can be."""
    if backbone.recordings is None:
        return backbone.stages(batch)
    return backbone.recordings.replay("stages", backbone.stages, batch)
