"""Batches of every size computed once before a line is served, by the thread that owns the device."""

from weakref import WeakKeyDictionary

import numpy as np
import structlog
import torch

from service.backbones.base import Backbone
from service.backbones.cuda_network import RECORDED, filled
from service.inspection.extractor import PatchExtractor

_log = structlog.get_logger()


class Rehearsals:
    """A GPU takes long over the first batch of a size, whose kernels it chooses and records, and every line's
    frames would wait meanwhile. A CPU has nothing to rehearse. A network keeps so many recordings: what would
    push out those of other input sizes is left to its first frames."""

    def __init__(self, max_batch: int) -> None:
        self._counts = [1 << power for power in range(filled(max_batch).bit_length())]
        self._held: WeakKeyDictionary[Backbone, set[tuple[int, int]]] = WeakKeyDictionary()

    def hold(self, extractor: PatchExtractor) -> None:
        """For the extractor's network and input size, once. A device that has no room for the largest batches
        stops there: whether such come, and what is free then, is not known. Blocks until all is recorded."""
        backbone, size = extractor.backbone, extractor.input_size
        held = self._held.setdefault(backbone, set())
        crowded = (len(held) + 1) * len(self._counts) > RECORDED
        if backbone.device == "cpu" or size in held or crowded:
            return
        held.add(size)
        try:
            for count in self._counts:
                backbone.stages(np.zeros((count, 3, *size), np.float32))
        except torch.OutOfMemoryError:
            _log.warning("the device has no room for a full batch", frames=count, backbone=backbone.name)
