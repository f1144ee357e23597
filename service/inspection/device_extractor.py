"""Views to patch features on a device: what crosses the bus is the camera's own bytes, and one recording."""

from collections.abc import Hashable, Sequence
from weakref import WeakValueDictionary

import numpy as np
import torch

from service.backbones.base import Backbone
from service.backbones.recorded import Computation, Recorded
from service.images.contract import InputContract
from service.images.picture import Pixels
from service.patchcore.embedding import embed
from service.patchcore.recipe import Recipe
from service.patchcore.resident import resident_uncropped


class DeviceExtractor:
    """From views to embedded patches on the backbone's device, without waiting for it: scaled, looked at by
    the networks and embedded in one recording where the backbone is recordable. Whatever else a batch asked
    of Python would wait, call by call, for the threads that decode the next. One thread at a time."""

    def __init__(self, backbone: Backbone, recipe: Recipe, contract: InputContract) -> None:
        self._backbone, self._recipe, self._contract = backbone, recipe, contract
        self._kind = torch.uint8 if contract.depth == 8 else torch.int32  # Torch computes nothing of uint16.
        # Kept on the device: to send a few numbers there waits for all that it has to do.
        scale = [float(np.float32(1 / (contract.white * each))) for each in backbone.std]
        shift = [float(np.float32(m / s)) for m, s in zip(backbone.mean, backbone.std, strict=True)]
        self._scale, self._shift = self._column(scale), self._column(shift)
        recorded = backbone.recordable
        self._compute: Computation = Recorded(self._computed, backbone.device) if recorded else self._computed

    def embedded(self, views: Sequence[Pixels]) -> torch.Tensor:
        """float32 [B, H, W, D] on the device, of views that have the input's size, over the whole region of
        interest. A quarter to a twelfth of the bytes of ready pixels cross, from pinned memory, which is
        copied while the device computes. Raises ValueError when there are none."""
        if not views:
            raise ValueError("There are no pictures to put in a batch: give at least one.")
        return self._compute(self._samples(views))[0]

    def rehearse(self, count: int) -> None:
        """Compute a batch of ``count``, which is recorded now and not when its first frames wait."""
        shape = (self._contract.input_height, self._contract.input_width, *(() if self._grey else (3,)))
        self.embedded([np.zeros(shape, np.uint8)] * count)

    def pixels(self, samples: torch.Tensor) -> torch.Tensor:
        """What ``to_batch`` makes of views, to the bit, of their samples [B, h, w] or [B, h, w, 3] anywhere:
        float32 [B, 3, height, width] on the device, with the margin that a recipe crops."""
        there = samples.to(self._backbone.device)
        planes = there[:, None].expand(-1, 3, -1, -1) if there.ndim == 3 else there.permute(0, 3, 1, 2)
        planes = planes.clamp(max=self._contract.white).to(torch.float32)
        # Two steps: fused, the last bit would be another than the CPU's.
        return (planes * self._scale).sub_(self._shift)

    @property
    def _grey(self) -> bool:
        return self._contract.channels == "grey"

    def _computed(self, samples: torch.Tensor) -> list[torch.Tensor]:
        margin, whole = self._recipe.crop_margin, self.pixels(samples)
        height, width = whole.shape[2:]
        stages = self._backbone.stages(whole[:, :, margin : height - margin, margin : width - margin])
        cells = margin // self._recipe.grid_stride
        return [resident_uncropped(embed(stages, self._recipe), cells)]

    def _samples(self, views: Sequence[Pixels]) -> torch.Tensor:
        # A grey line's frames may come with three equal channels, some of them.
        seen = [view[..., 0] if self._grey and view.ndim == 3 else view for view in views]
        pinned = self._backbone.device.startswith("cuda")
        samples = torch.empty((len(seen), *seen[0].shape), dtype=self._kind, pin_memory=pinned)
        # By numpy: torch would wake a thread on every core, which those that decode have, and wait for each.
        np.stack(seen, out=samples.numpy(), casting="safe")
        return samples

    def _column(self, values: Sequence[float]) -> torch.Tensor:
        return torch.tensor(values, device=self._backbone.device).reshape(3, 1, 1)


_SHARED: "WeakValueDictionary[Hashable, DeviceExtractor]" = WeakValueDictionary()


def device_extractor(
    backbone: Backbone, recipe: Recipe, contract: InputContract, companions: Hashable
) -> DeviceExtractor:
    """The one of all ``companions``, as long as one of them keeps it: what was recorded for a line serves the
    next bank of that line, and the lines beside it."""
    found = _SHARED.get(companions)
    if found is None:
        found = _SHARED.setdefault(companions, DeviceExtractor(backbone, recipe, contract))
    return found
