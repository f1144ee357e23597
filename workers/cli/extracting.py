"""Batches as a worker takes them, from bytes to patch features, beside the network alone."""

import statistics
import time
from collections import deque
from collections.abc import Callable

import torch

from service.backbones.base import recorded_stages
from service.images.decode import ImageLimits
from service.images.picture import Picture
from service.images.view import view
from service.inspection.extractor import PatchExtractor
from service.settings import EngineSettings
from workers.extraction.decoder import Decoder
from workers.extraction.protocol import FrameIn

LINE = "bench"
BATCHES = 12
"""In a run: the first is not decoded ahead of anything."""

DEVICE_BATCHES = 60
"""On a device, which is through with many in the time that the first takes to be decoded."""


class Extracting:
    """Runs over the same pictures, decoded as a worker with these settings decodes them."""

    def __init__(self, extractor: PatchExtractor, data: list[bytes], engine: EngineSettings) -> None:
        self.extractor, self._ahead = extractor, engine.batches_ahead
        self._batches = BATCHES if extractor.backbone.device == "cpu" else DEVICE_BATCHES
        self._data = data
        self._decoder = Decoder(ImageLimits(), engine.decoders, {LINE: extractor.contract})
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
                    times.append(1000 * (time.perf_counter() - began) / self._batches)
        return statistics.median(spent[0]), statistics.median(spent[1])

    def _frames(self) -> list[FrameIn]:
        return [FrameIn(LINE, each) for each in self._data]

    def _whole(self) -> None:
        coming = deque(self._frames() for _ in range(self._batches))
        begun: deque[list[FrameIn]] = deque()
        for _ in range(self._batches):
            # As in a worker: so many batches are there while one is scored.
            while coming and len(begun) <= self._ahead:
                begun.append(coming.popleft())
                self._decoder.begin(begun[-1])
            pictures = self._decoder.pictures(begun.popleft())
            views = [
                view(picture, self.extractor.contract) for picture in pictures if isinstance(picture, Picture)
            ]
            self.extractor.counted(self.extractor.embedded(views))
            # As a worker, which has a batch's distances before it begins the next.
            self._settle()

    def _network(self) -> None:
        for _ in range(self._batches):
            for _ in range(self.extractor.looks):
                recorded_stages(self.extractor.backbone, self._ready)
            self._settle()

    def _settle(self) -> None:
        if self.extractor.backbone.device.startswith("cuda"):
            torch.cuda.synchronize(self.extractor.backbone.device)
