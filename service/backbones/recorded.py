"""A computation on a CUDA device: its kernels are recorded once for each shape, and replayed."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import torch

from service.backbones.base import Backbone

KEPT = 12
"""Shapes at most, each with its input and what is made of it; all share the room of what lies between."""
_REHEARSALS = 3

Computation: TypeAlias = Callable[[torch.Tensor], Sequence[torch.Tensor]]
_Shape = tuple[tuple[int, ...], torch.dtype]


@dataclass(frozen=True, slots=True)
class _Recording:
    """Replayed, the graph reads ``given`` and overwrites ``made``."""

    graph: torch.cuda.CUDAGraph
    given: torch.Tensor
    made: Sequence[torch.Tensor]


class Recorded:
    """``compute`` of a batch on a CUDA device, which launches the same kernels whatever the values are.

    Small networks end before Python has launched their next kernel, the more so beside threads that decode:
    replayed as CUDA graphs (PyTorch's documentation, "CUDA semantics") Lite0 at 256 px takes .6 ms for a
    batch of 8 instead of 1.6. Batches are filled up to a power of two, so that few shapes are recorded; a new
    one costs some tens of milliseconds once. What ``compute`` reads beside its batch must live as long as
    this. One thread at a time.
    """

    def __init__(self, compute: Computation, device: str) -> None:
        self._compute, self._device = compute, device
        self._recordings: OrderedDict[_Shape, _Recording] = OrderedDict()

    def __call__(self, batch: torch.Tensor) -> list[torch.Tensor]:
        """What ``compute`` makes of ``batch`` [B, ...], which may lie anywhere: tensors of B rows on the
        device. Does not wait for it."""
        count = len(batch)
        with torch.inference_mode(), torch.cuda.device(self._device):
            recording = self._recorded(((filled(count), *batch.shape[1:]), batch.dtype))
            recording.given[:count].copy_(batch, non_blocking=True)
            recording.graph.replay()
            # Copies: the next replay overwrites what was made.
            return [each[:count].clone() for each in recording.made]

    def _recorded(self, shape: _Shape) -> _Recording:
        if shape not in self._recordings:
            # First what goes, so that the device never holds one more.
            while len(self._recordings) >= KEPT:
                self._recordings.popitem(last=False)
            self._recordings[shape] = self._record(*shape)
        self._recordings.move_to_end(shape)
        return self._recordings[shape]

    def _record(self, shape: tuple[int, ...], kind: torch.dtype) -> _Recording:
        given = torch.zeros(shape, device=self._device, dtype=kind)
        graph, stream = torch.cuda.CUDAGraph(), self._stream
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            # What is done once only, such as choosing kernels, must not be recorded.
            for _ in range(_REHEARSALS):
                self._compute(given)
        torch.cuda.current_stream().wait_stream(stream)
        # What the rehearsals took would stay beside what the recording takes.
        torch.cuda.empty_cache()
        # The thread that builds banks may allocate meanwhile.
        with torch.cuda.graph(graph, self._pool(), stream, capture_error_mode="thread_local"):
            made = self._compute(given)
        return _Recording(graph, given, made)

    @cached_property
    def _stream(self) -> torch.cuda.Stream:
        """One for all: memory that was freed on a stream is given to that stream alone."""
        return torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def _pool(self) -> Any:
        """The memory of an earlier recording, or None. A later one may put what it makes where the earlier
        computes: each is copied before another is replayed."""
        return next((each.graph.pool() for each in self._recordings.values()), None)


def recorded_stages(backbone: Backbone) -> Computation:
    """``backbone.stages`` of a tensor, recorded where it can be."""
    return Recorded(backbone.stages, backbone.device) if backbone.recordable else backbone.stages


def filled(count: int) -> int:
    """The batch that `count` rows are computed in: the next power of two."""
    return 1 << (count - 1).bit_length()
