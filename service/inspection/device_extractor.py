"""Views to patch features on a device: what crosses the bus is the camera's own bytes, and one recording."""

from collections.abc import Hashable, Sequence

import numpy as np
import torch

from service.backbones.base import Backbone
from service.images.contract import InputContract
from service.images.picture import Pixels
from service.inspection.looks import looked_at
from service.patchcore.embedding import embed
from service.patchcore.recipe import Recipe
from service.patchcore.resident import resident_uncropped


class DeviceExtractor:
    """From views to embedded patches on the backbone's device, without waiting for it: scaled, looked at by
    the networks and embedded, in one recording where the backbone has recordings. Whatever else a batch asked
    of Python would wait, call by call, for the threads that decode the next. Those with an equal ``name``
    compute the same, and share recordings. One thread at a time."""

    def __init__(self, backbone: Backbone, recipe: Recipe, contract: InputContract, name: Hashable) -> None:
        self._recordings, self._name = backbone.recordings, name
        self._computation = _Computation(backbone, recipe, contract.white, contract.looks(recipe))
        self._size, self._grey = (contract.input_height, contract.input_width), contract.channels == "grey"
        self._kind = torch.uint8 if contract.depth == 8 else torch.int32  # Torch computes nothing of uint16.
        self._pinned = backbone.device.startswith("cuda")

    def embedded(self, views: Sequence[Pixels]) -> torch.Tensor:
        """float32 [B, H, W, D] on the device, of views that have the input's size, over the whole region of
        interest. A quarter to a twelfth of the bytes of ready pixels cross, from pinned memory, which is
        copied while the device computes. Raises ValueError when there are none."""
        if not views:
            raise ValueError("There are no pictures to put in a batch: give at least one.")
        samples = self._samples(views)
        if self._recordings is None:
            return self._computation(samples)[0]
        return self._recordings.replay(self._name, self._computation, samples)[0]

    def rehearse(self, count: int) -> None:
        """Compute a batch of ``count``, which is recorded now and not when its first frames wait."""
        shape = self._size if self._grey else (*self._size, 3)
        self.embedded([np.zeros(shape, np.uint8)] * count)

    def _samples(self, views: Sequence[Pixels]) -> torch.Tensor:
        # A grey line's frames may come with three equal channels, some of them.
        seen = [view[..., 0] if self._grey and view.ndim == 3 else view for view in views]
        samples = torch.empty((len(seen), *seen[0].shape), dtype=self._kind, pin_memory=self._pinned)
        # By numpy: torch would wake a thread on every core, which those that decode have, and wait for each.
        np.stack(seen, out=samples.numpy(), casting="safe")
        return samples


class _Computation:
    """Of samples [B, h, w] or [B, h, w, 3], which may lie anywhere: what ``to_batch`` makes of them, to the
    bit, through the networks and embedded, [B, H, W, D] on the device."""

    def __init__(self, backbone: Backbone, recipe: Recipe, white: int, looks: int) -> None:
        self._backbone, self._recipe, self._white, self._looks = backbone, recipe, white, looks
        # Kept on the device: to send a few numbers there waits for all that it has to do.
        scale = [float(np.float32(1 / (white * each))) for each in backbone.std]
        shift = [float(np.float32(m / s)) for m, s in zip(backbone.mean, backbone.std, strict=True)]
        self._scale, self._shift = self._column(scale), self._column(shift)

    def __call__(self, samples: torch.Tensor) -> list[torch.Tensor]:
        margin, whole = self._recipe.crop_margin, self._pixels(samples)
        height, width = whole.shape[2:]
        inner = whole[:, :, margin : height - margin, margin : width - margin]
        stages = looked_at(self._backbone, inner, self._looks)
        return [resident_uncropped(embed(stages, self._recipe), margin // self._recipe.grid_stride)]

    def _pixels(self, samples: torch.Tensor) -> torch.Tensor:
        there = samples.to(self._backbone.device)
        planes = there[:, None].expand(-1, 3, -1, -1) if there.ndim == 3 else there.permute(0, 3, 1, 2)
        planes = planes.clamp(max=self._white).to(torch.float32)
        # Two steps: fused, the last bit would be another than the CPU's.
        return (planes * self._scale).sub_(self._shift)

    def _column(self, values: Sequence[float]) -> torch.Tensor:
        return torch.tensor(values, device=self._backbone.device).reshape(3, 1, 1)
