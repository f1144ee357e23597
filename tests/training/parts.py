"""Good parts drawn, and a network of our own that is quick: its features are the picture's own cells."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from service.backbones.base import Batch
from service.backbones.precision import Arithmetic
from service.images.resize import Triple
from service.patchcore import Recipe
from service.training.part import GoodPart
from tests.parts import Defect, draw_part, encode_png

QUICK = Recipe(name="quick", backbone="quick", coreset_share=0.05, input_pixels=128 * 128, projection_dim=24)


class QuickNetwork:
    """A ``Backbone`` of fixed random 1 x 1 mixtures over pooled cells: milliseconds, and deterministic."""

    name = "quick"
    weights_sha256 = "ab" * 32
    strides = (8, 16)
    channels = (16, 24)
    device = "cpu"
    precision: Arithmetic = "float32"
    mean: Triple = (0.5, 0.5, 0.5)
    std: Triple = (0.25, 0.25, 0.25)
    recordings = None

    def stages(self, batch: Batch) -> list[torch.Tensor]:
        pixels = torch.as_tensor(batch)
        return [self._stage(pixels, *pair) for pair in zip(self.strides, self.channels, strict=True)]

    def _stage(self, pixels: torch.Tensor, stride: int, channels: int) -> torch.Tensor:
        cells = torch.nn.functional.pixel_unshuffle(pixels, stride // 4)
        cells = torch.nn.functional.avg_pool2d(cells, 4)
        mixture = np.random.default_rng(stride).standard_normal((channels, cells.shape[1], 1, 1))
        return torch.nn.functional.conv2d(cells, torch.from_numpy(mixture.astype(np.float32)))


@lru_cache(maxsize=256)
def drawn(seed: int, defect: Defect | None = None, *, colour: bool = True, side: int = 160) -> bytes:
    return encode_png(draw_part(seed, defect, (side, side), colour=colour))


def good_parts(count: int, first: int = 0) -> list[GoodPart]:
    return [GoodPart.of(f"part-{seed:03}.png", drawn(seed)) for seed in range(first, first + count)]


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder
