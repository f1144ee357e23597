"""A network that is ready: what is known of it, and what computes it."""

import torch
from pydantic import BaseModel, ConfigDict

from service.backbones.base import Batch
from service.backbones.finite import not_finite
from service.backbones.forward import Forward
from service.backbones.precision import Arithmetic
from service.backbones.recorded import Recordings
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
        self.recordings = Recordings(about.device) if about.device.startswith("cuda") else None
        self.forward = forward

    @property
    def runtime(self) -> Runtime:
        """What computes it."""
        return self.forward.runtime

    def stages(self, batch: Batch) -> list[torch.Tensor]:
        """See Backbone.stages."""
        stages = self.forward(batch)
        # A sum tells of any value that is no number, and costs a tenth of looking at each. To look at a
        # device's would wait for it: those are told when something comes back.
        if self.device == "cpu" and not torch.isfinite(torch.stack([each.sum() for each in stages])).all():
            raise not_finite(self)
        return stages
