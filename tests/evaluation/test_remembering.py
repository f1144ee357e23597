import time

import numpy as np
import torch
from numpy.typing import NDArray

from service.backbones.base import Batch
from service.evaluation.remembering import RememberingBackbone, work_clock
from tests.training.parts import QuickNetwork


class Counting(QuickNetwork):
    """Counts its looks, each of which takes a while."""

    def __init__(self) -> None:
        self.looks = 0

    def stages(self, batch: Batch) -> list[torch.Tensor]:
        self.looks += len(batch)
        time.sleep(0.02 * len(batch))
        return super().stages(batch)


def pictures(*seeds: int) -> NDArray[np.float32]:
    return np.stack(
        [np.random.default_rng(seed).random((3, 64, 64), np.float32).astype(np.float32) for seed in seeds]
    )


def test_it_gives_what_the_network_gives_whatever_it_has_seen() -> None:
    remembering = RememberingBackbone(QuickNetwork())
    for seeds in ((1, 2), (2, 3, 1), (1, 1), (3,)):
        for ours, theirs in zip(
            remembering.stages(pictures(*seeds)), QuickNetwork().stages(pictures(*seeds)), strict=True
        ):
            torch.testing.assert_close(ours, theirs)


def test_each_picture_is_looked_at_once() -> None:
    counting = Counting()
    remembering = RememberingBackbone(counting)
    for seeds in ((1, 2), (2, 3, 1), (1, 1, 4)):
        remembering.stages(pictures(*seeds))
    assert counting.looks == 4


def test_past_its_memory_it_looks_again() -> None:
    counting = Counting()
    remembering = RememberingBackbone(counting, limit_bytes=0)
    remembering.stages(pictures(1, 2))
    remembering.stages(pictures(1, 2))
    assert counting.looks == 4


def test_its_clock_runs_as_if_every_picture_had_been_looked_at() -> None:
    remembering = RememberingBackbone(Counting())
    clock = work_clock(remembering)
    for _ in range(3):
        began = clock()
        remembering.stages(pictures(1, 2, 3))
        assert clock() - began > 0.05
    assert remembering.saved_seconds > 0.1


def test_it_is_the_network_that_it_remembers_for() -> None:
    ours, theirs = RememberingBackbone(QuickNetwork()), QuickNetwork()
    for name in ("name", "weights_sha256", "strides", "channels", "device", "precision", "mean", "std"):
        assert getattr(ours, name) == getattr(theirs, name)
