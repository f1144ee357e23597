"""Batches as a worker takes them, from bytes to patch features, beside the network alone."""

import statistics
import time
from collections.abc import Callable

import torch

from service.backbones.recorded import recorded_stages
from service.images.decode import ImageLimits
from service.images.view import view
from service.inspection.extractor import PatchExtractor
from workers.extraction.decoder import Decoder
from workers.extraction.protocol import FrameIn

LINE = "bench"
BATCHES = 12
"""In a run: the first is not decoded ahead of anything."""


class Extracting:
    """Runs over the same pictures, decoded ahead by as many threads."""

    def __init__(self, extractor: PatchExtractor, data: list[bytes], threads: int) -> None:
        self.extractor = extractor
        self._data = data
        self._decoder = Decoder(ImageLimits(), threads, {LINE: extractor.contract})
        self._stages = recorded_stages(extractor.backbone)
        height, width = extractor.input_size
        self._ready = torch.randn((len(data), 3, height, width)).to(extractor.backbone.device)

    def in_turn(self, rounds: int) -> tuple[float, float]:
        """Median milliseconds of a batch, whole and through the network alone."""
        runs: tuple[Callable[[], object], ...] = (self._whole, self._network)
        spent: tuple[list[float], ...] = ([], [])
        for number in range(rounds + 1):
            for run, times in zip(runs, spent, strict=True):
                began = time.perf_counter()
                run()
                if number:
                    times.append(1000 * (time.perf_counter() - began) / BATCHES)
        return statistics.median(spent[0]), statistics.median(spent[1])

    def _frames(self) -> list[FrameIn]:
        return [FrameIn(LINE, each) for each in self._data]

    def _whole(self) -> None:
        coming = self._frames()
        self._decoder.begin(coming)
        for number in range(BATCHES):
            frames, coming = coming, self._frames() if number + 1 < BATCHES else []
            # As in a worker: the next batch is there while this one is scored.
            self._decoder.begin(coming)
            pictures = [self._decoder.picture(frame) for frame in frames]
            views = [view(picture, self.extractor.contract) for picture in pictures]
            self.extractor.counted(self.extractor.embedded(views))
            # As a worker, which has a batch's distances before it begins the next.
            self._settle()

    def _network(self) -> None:
        for _ in range(BATCHES):
            self._stages(self._ready)
            self._settle()

    def _settle(self) -> None:
        if self.extractor.backbone.device.startswith("cuda"):
            torch.cuda.synchronize(self.extractor.backbone.device)
