"""Batches of every size computed once before a line is served, by the thread that owns the device."""

from weakref import WeakKeyDictionary, WeakSet

import structlog
import torch

from service.backbones.base import Backbone
from service.backbones.recorded import KEPT, filled
from service.inspection.extractor import PatchExtractor

REHEARSED = KEPT // 2
"""Recordings of a network at most: room is left for what comes without a rehearsal."""
_log = structlog.get_logger()


class Rehearsals:
    """A GPU takes long over the first batch of a size, whose kernels it chooses and records, and every line's
    frames would wait meanwhile. A CPU has nothing to rehearse. What would push out the recordings of other
    lines that are served is left to its first frames."""

    def __init__(self, max_batch: int) -> None:
        # The largest first: what the others compute fits into its memory.
        self._counts = [1 << power for power in reversed(range(filled(max_batch).bit_length()))]
        self._served: WeakKeyDictionary[Backbone, WeakSet[PatchExtractor]] = WeakKeyDictionary()

    def hold(self, extractor: PatchExtractor) -> None:
        """For the extractor and its companions, once while one of them is served. What the device has no room
        for is left out: whether such batches come, and what is free then, is not known. Blocks until all is
        recorded."""
        if extractor.on_device is None:
            return
        served = self._served.setdefault(extractor.backbone, WeakSet())
        held = {each.companions for each in served}
        served.add(extractor)
        crowded = (len(held) + 1) * len(self._counts) > REHEARSED
        if extractor.companions in held or crowded:
            return
        for count in self._counts:
            try:
                extractor.on_device.rehearse(count)
            except torch.OutOfMemoryError:
                name = extractor.backbone.name
                _log.warning("the device has no room for a full batch", frames=count, backbone=name)
