"""Batches of every size computed once before a line is served, by the thread that owns the device."""

from weakref import WeakSet

import structlog
import torch

from service.backbones.recorded import filled
from service.inspection.device_extractor import DeviceExtractor
from service.inspection.extractor import PatchExtractor

_log = structlog.get_logger()


class Rehearsals:
    """A GPU takes long over the first batch of a size, whose kernels it chooses and records, and every line's
    frames would wait meanwhile. A CPU has nothing to rehearse."""

    def __init__(self, max_batch: int) -> None:
        # The largest first: the others are recorded in its memory.
        self._counts = [1 << power for power in reversed(range(filled(max_batch).bit_length()))]
        self._held: WeakSet[DeviceExtractor] = WeakSet()

    def hold(self, extractor: PatchExtractor) -> None:
        """For the extractor and its companions, once. What the device has no room for is left out: whether
        such batches come, and what is free then, is not known. Blocks until all is recorded."""
        device = extractor.on_device
        if device is None or device in self._held:
            return
        self._held.add(device)
        for count in self._counts:
            try:
                device.rehearse(count)
            except torch.OutOfMemoryError:
                name = extractor.backbone.name
                _log.warning("the device has no room for a full batch", frames=count, backbone=name)
