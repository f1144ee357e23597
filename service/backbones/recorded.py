"""Computations on a CUDA device: their kernels are recorded once for each shape, and replayed."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import torch

KEPT = 128
"""Recordings at most: each holds its input and what is made of it, 17 MB for the default recipe at batch 8;
all share the room of what lies between."""
_REHEARSALS = 3

Computation: TypeAlias = Callable[[torch.Tensor], Sequence[torch.Tensor]]
"""Of a batch [B, ...], which may lie anywhere, tensors of B rows on the device."""
_Kind: TypeAlias = tuple[Hashable, tuple[int, ...], torch.dtype]


@dataclass(frozen=True, slots=True)
class _Recording:
    """Replayed, the graph reads ``given`` and overwrites ``made``. It reads what ``compute`` has, too."""

    compute: Computation
    graph: torch.cuda.CUDAGraph
    given: torch.Tensor
    made: Sequence[torch.Tensor]


class Recordings:
    """Computations on a CUDA device that launch the same kernels whatever the values are.

    Small networks end before Python has launched their next kernel, the more so beside threads that decode:
    replayed as CUDA graphs (PyTorch's documentation, "CUDA semantics") Lite0 at 256 px takes .6 ms for a
    batch of 8 instead of 1.6. Batches are filled up to a power of two, so that few shapes are recorded; a new
    one costs up to a second, and past KEPT the one that was used longest ago goes. What was
    computed is kept as long as these are, with all that it holds. One thread at a time.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._kept: OrderedDict[_Kind, _Recording] = OrderedDict()

    def replay(self, name: Hashable, compute: Computation, batch: torch.Tensor) -> list[torch.Tensor]:
        """What ``compute`` makes of ``batch``, without waiting for the device. What has an equal ``name``
        computes the same."""
        count = len(batch)
        with torch.inference_mode(), torch.cuda.device(self._device):
            recording = self._recorded((name, (filled(count), *batch.shape[1:]), batch.dtype), compute)
            recording.given[:count].copy_(batch, non_blocking=True)
            recording.graph.replay()
            # Copies: the next replay overwrites what was made.
            return [each[:count].clone() for each in recording.made]

    def _recorded(self, kind: _Kind, compute: Computation) -> _Recording:
        if kind not in self._kept:
            # First what goes, so that the device never holds one more.
            while len(self._kept) >= KEPT:
                self._kept.popitem(last=False)
            self._kept[kind] = self._record(compute, *kind[1:])
        self._kept.move_to_end(kind)
        return self._kept[kind]

    def _record(self, compute: Computation, shape: tuple[int, ...], kind: torch.dtype) -> _Recording:
        given = torch.zeros(shape, device=self._device, dtype=kind)
        graph, stream = torch.cuda.CUDAGraph(), self._stream
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            # What is done once only, such as choosing kernels, must not be recorded.
            for _ in range(_REHEARSALS):
                compute(given)
        torch.cuda.current_stream().wait_stream(stream)
        # What the rehearsals took would stay beside what the recording takes.
        torch.cuda.empty_cache()
        # The thread that builds banks may allocate meanwhile.
        with torch.cuda.graph(graph, self._pool(), stream, capture_error_mode="thread_local"):
            made = compute(given)
        return _Recording(compute, graph, given, made)

    @cached_property
    def _stream(self) -> torch.cuda.Stream:
        """One for all: memory that was freed on a stream is given to that stream alone."""
        return torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def _pool(self) -> Any:
        """The memory of an earlier recording, or None. A later one may put what it makes where the earlier
        computes: each is copied before another is replayed."""
        return next((each.graph.pool() for each in self._kept.values()), None)


def filled(count: int) -> int:
    """The batch that `count` rows are computed in: the next power of two."""
    return 1 << (count - 1).bit_length()
