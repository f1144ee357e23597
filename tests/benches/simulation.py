"""A queue of frames before inspectors, simulated: batches as ours are made, service times as measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]


@dataclass(frozen=True)
class Service:
    """What an inspector takes: a batch of n frames `a_batch` + n * `a_frame` seconds on the device, and
    `after` for its effects. A batch leaves when it is full or its oldest frame has waited."""

    a_frame: float
    a_batch: float = 0.0
    after: float = 0.0
    max_batch: int = 8
    max_wait: float = 0.05


def latencies(arrivals: Seconds, service: Service, away: Sequence[tuple[float, float]] = ()) -> Seconds:
    """Seconds from arrival to acknowledged verdict of each frame of one inspector, in the order of coming.
    `away` are spans, rising, in which nobody serves: the partitions of one that is gone."""
    order = np.sort(arrivals)
    done, free, at = np.empty(len(order)), 0.0, 0
    while at < len(order):
        begin = _present(max(free, _leaves(order, at, free, service)), away)
        waiting = int(np.searchsorted(order, begin, side="right")) - at
        count = max(1, min(service.max_batch, waiting))
        free = begin + service.a_batch + count * service.a_frame
        done[at : at + count] = free + service.after
        at += count
    return done - order


def _leaves(order: Seconds, at: int, free: float, service: Service) -> float:
    """When the next batch is due."""
    full = order[at + service.max_batch - 1] if at + service.max_batch <= len(order) else np.inf
    return float(min(max(free, full), order[at] + service.max_wait))


def _present(time: float, away: Sequence[tuple[float, float]]) -> float:
    for begin, end in away:
        if begin <= time < end:
            return end
    return time


def paced(rate: float, seconds: float, lines: int, seed: int) -> Seconds:
    """Arrivals of so many cameras, each steady at its own phase, `rate` frames a second in all."""
    every = lines / rate
    phases = np.random.default_rng(seed).uniform(0, every, lines)
    steps = np.arange(int(seconds / every))
    return np.sort((phases[:, None] + every * steps[None]).ravel())
