"""A network on a CUDA device: its kernels are recorded once for each shape, and replayed."""

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import nn

from service.backbones.base import Batch
from service.backbones.precision import TORCH_TYPES, Arithmetic
from service.backbones.runtime import Runtime

RECORDED = 12
"""Shapes at most. A recording holds its input and every tensor of the network: 100 to 300 MB at batch 8."""
_REHEARSALS = 3

Shape = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Recording:
    """Replayed, the graph reads ``pixels`` and overwrites ``stages``."""

    graph: torch.cuda.CUDAGraph
    pixels: torch.Tensor
    stages: list[torch.Tensor]


class CudaNetwork:
    """A Forward on a CUDA device.

    Small networks end before Python has launched their next kernel: replayed as CUDA graphs (PyTorch's
    documentation, "CUDA semantics") Lite0 at 256 px takes .6 ms for a batch of 8 instead of 1.6. Batches are
    filled up to a power of two, so that few shapes are recorded; a new one costs some tens of milliseconds
    once. float32 is IEEE's: TF32, which cuDNN would take, is off by 1e-3.
    """

    runtime = Runtime.TORCH

    def __init__(self, network: nn.Module, device: str, precision: Arithmetic) -> None:
        self._device, self._type = device, TORCH_TYPES[precision]
        self._network = network.to(device, self._type).to(memory_format=torch.channels_last)
        self._recordings: OrderedDict[Shape, _Recording] = OrderedDict()

    def __call__(self, batch: Batch) -> list[torch.Tensor]:
        """See Forward. Does not wait for the device."""
        count, depth, height, width = batch.shape
        with torch.inference_mode(), torch.cuda.device(self._device):
            recording = self._recorded((filled(count), depth, height, width))
            recording.pixels[:count].copy_(torch.as_tensor(batch), non_blocking=True)
            recording.graph.replay()
            # Copies: the next replay overwrites the stages.
            return [stage[:count].clone() for stage in recording.stages]

    def _recorded(self, shape: Shape) -> _Recording:
        if shape not in self._recordings:
            # First what goes, so that the device never holds one more.
            while len(self._recordings) >= RECORDED:
                self._recordings.popitem(last=False)
            self._recordings[shape] = self._record(shape)
        self._recordings.move_to_end(shape)
        return self._recordings[shape]

    def _record(self, shape: Shape) -> _Recording:
        pixels = torch.zeros(shape, device=self._device, dtype=self._type)
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=False):
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                # What is done once only, such as choosing kernels, must not be recorded.
                for _ in range(_REHEARSALS):
                    self._network(pixels)
            torch.cuda.current_stream().wait_stream(stream)
            # What the rehearsals took would stay beside what the recording takes.
            torch.cuda.empty_cache()
            # The thread that builds banks may allocate meanwhile.
            with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
                stages = [stage.float() for stage in self._network(pixels)]
        return _Recording(graph, pixels, stages)


def filled(count: int) -> int:
    """The batch that `count` pictures are computed in: the next power of two."""
    return 1 << (count - 1).bit_length()
