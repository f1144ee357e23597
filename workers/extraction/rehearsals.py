"""Batches of every size computed once before a line is served, by the thread that owns the device."""

from collections.abc import Hashable
from weakref import WeakKeyDictionary

import structlog
import torch

from service.backbones.base import Backbone
from service.backbones.recorded import KEPT, filled
from service.inspection.extractor import PatchExtractor

_log = structlog.get_logger()


class Rehearsals:
    """A GPU takes long over the first batch of a size, whose kernels it chooses and records, and every line's
    frames would wait meanwhile. A CPU has nothing to rehearse. A network keeps so many recordings: what would
    push out those of other lines is left to its first frames."""

    def __init__(self, max_batch: int) -> None:
        # The largest first: what the others compute fits into its memory.
        self._counts = [1 << power for power in reversed(range(filled(max_batch).bit_length()))]
        self._held: WeakKeyDictionary[Backbone, set[Hashable]] = WeakKeyDictionary()

    def hold(self, extractor: PatchExtractor) -> None:
        """For the extractor and its companions, once. What the device has no room for is left out: whether
        such batches come, and what is free then, is not known. Blocks until all is recorded."""
        held = self._held.setdefault(extractor.backbone, set())
        crowded = (len(held) + 1) * len(self._counts) > KEPT
        if extractor.on_device is None or extractor.companions in held or crowded:
            return
        held.add(extractor.companions)
        for count in self._counts:
            try:
                extractor.on_device.rehearse(count)
            except torch.OutOfMemoryError:
                name = extractor.backbone.name
                _log.warning("the device has no room for a full batch", frames=count, backbone=name)
