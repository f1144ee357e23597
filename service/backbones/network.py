"""A network that is ready: what is known of it, and what computes it."""

import torch
from pydantic import BaseModel, ConfigDict

from service.backbones.base import Batch
from service.backbones.forward import Forward
from service.backbones.precision import Arithmetic
from service.backbones.refusal import NonFiniteFeatures
from service.backbones.runtime import Runtime
from service.images.resize import Triple


class About(BaseModel):
    """What a Backbone says of itself: see there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    strides: tuple[int, ...]
    channels: tuple[int, ...]
    weights_sha256: str
    mean: Triple
    std: Triple
    device: str
    precision: Arithmetic


class Network:
    """A Backbone. Shared by ``load_backbone``; not safe for two threads at once."""

    def __init__(self, about: About, forward: Forward) -> None:
        self.about = about
        self.name, self.strides, self.channels = about.name, about.strides, about.channels
        self.weights_sha256, self.mean, self.std = about.weights_sha256, about.mean, about.std
        self.device, self.precision = about.device, about.precision
        self.forward = forward

    @property
    def runtime(self) -> Runtime:
        """What computes it."""
        return self.forward.runtime

    def stages(self, batch: Batch) -> list[torch.Tensor]:
        """See Backbone.stages."""
        stages = self.forward(batch)
        # A sum tells of any value that is no number, and costs a tenth of looking at each.
        if not torch.isfinite(torch.stack([stage.sum() for stage in stages])).all():
            raise self._not_finite()
        return stages

    def _not_finite(self) -> NonFiniteFeatures:
        remedy = (
            f"check the weights {self.weights_sha256[:12]}"
            if self.precision == "float32"
            else "set PATCHLINE_ENGINE__PRECISION=float32"
        )
        return NonFiniteFeatures(
            f"The backbone {self.name} gives values that are no numbers in {self.precision}: {remedy}."
        )
