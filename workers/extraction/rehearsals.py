"""Batches of every size computed once before a line is served, by the thread that owns the device."""

import numpy as np
import structlog
import torch

from service.backbones.cuda_network import filled
from service.inspection.extractor import PatchExtractor

_log = structlog.get_logger()


class Rehearsals:
    """A GPU takes long over the first batch of a size, whose kernels it chooses and records, and every line's
    frames would wait meanwhile. A CPU has nothing to rehearse."""

    def __init__(self, max_batch: int) -> None:
        self._counts = [1 << power for power in range(filled(max_batch).bit_length())]
        self._held: set[tuple[str, str, str, tuple[int, int]]] = set()

    def hold(self, extractor: PatchExtractor) -> None:
        """For the extractor's network and input size, once. A device that has no room for the largest batches
        stops there: whether such come, and what is free then, is not known. Blocks for the network."""
        backbone = extractor.backbone
        what = (backbone.name, backbone.weights_sha256, backbone.precision, extractor.input_size)
        if backbone.device == "cpu" or what in self._held:
            return
        self._held.add(what)
        try:
            for count in self._counts:
                backbone.stages(np.zeros((count, 3, *extractor.input_size), np.float32))
        except torch.OutOfMemoryError:
            _log.warning("the device has no room for a full batch", frames=count, backbone=backbone.name)
