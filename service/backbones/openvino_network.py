"""A network compiled by OpenVINO for the CPU: torch's features in about half of torch's time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from service.backbones.base import Batch
from service.backbones.openvino_conversion import Unconvertible, first_line, openvino_model
from service.backbones.openvino_core import core
from service.backbones.openvino_requests import apart, together
from service.backbones.precision import Arithmetic
from service.backbones.runtime import Runtime

ARITHMETIC: Mapping[Arithmetic, str] = {"float32": "f32", "bfloat16": "bf16"}
"""OpenVINO's names for what its CPU plugin computes in."""

TOLERANCES: Mapping[Arithmetic, float] = {"float32": 1e-3, "bfloat16": 2e-1}
"""Of a stage's norm: rounding moves it by 1e-6 and 3e-2, what tracing lost by about its whole."""

CACHED_KERNELS = 1024
"""Kernels that are kept, of sixty or so for each input shape: those of about twenty sizes and batches."""

MOST_STREAMS = 8
"""Pictures at once. More threads than that compute one picture together."""

LONE = 8
"""Batches of fewer pictures than streams until the network is compiled for them too: who looks at one picture
and ends, as ``patchline inspect`` does, would wait longer for that than for the picture."""


class OpenVinoNetwork:
    """A Forward on the CPU, with as many threads as torch has: one budget for both.

    ``model`` is OpenVINO's, made by ``converted`` here or in an earlier process. Shapes stay dynamic, which
    costs nothing against a model compiled for each shape (docs/engines.md). A batch is computed picture by
    picture, each by a thread of its own, which spares the threads waiting for one another at every layer: a
    seventh of the time, and the same to the bit. Fewer pictures than threads are computed by all together.
    Raises Unconvertible for an arithmetic that this processor lacks. Blocks for a tenth of a second. Its
    input must be finite: where a network clamps, OpenVINO makes a number of what is none.
    """

    runtime = Runtime.OPENVINO

    def __init__(self, model: Any, precision: Arithmetic) -> None:
        self.model = model
        self._precision = precision
        self.threads = torch.get_num_threads()
        self._lone = 0
        # By how many pictures are computed at once.
        self._requests: dict[int, list[Any]] = {}
        self._of(self._streams)

    @classmethod
    def converted(cls, network: nn.Module, precision: Arithmetic) -> "OpenVinoNetwork":
        """Of torch's network, and compared with it. Raises Unconvertible also for a network with operations
        of its own, one whose traced form depends on the size of the picture, and weights that give no
        numbers. Blocks for half a second."""
        made = cls(openvino_model(network), precision)
        made._check(network)
        return made

    def __call__(self, batch: Batch) -> list[torch.Tensor]:
        """See Forward."""
        if self.threads != torch.get_num_threads():
            self.threads = torch.get_num_threads()
            self._requests.clear()
        pictures = np.ascontiguousarray(batch)
        self._lone += len(pictures) < self._streams
        if len(pictures) >= self._streams or self._lone <= LONE:
            return apart(self._of(self._streams), pictures)
        return together(self._of(1)[0], pictures)

    @property
    def _streams(self) -> int:
        return min(self.threads, MOST_STREAMS)

    def _of(self, streams: int) -> list[Any]:
        if streams not in self._requests:
            self._requests[streams] = self._compiled(streams)
        return self._requests[streams]

    def _compiled(self, streams: int) -> list[Any]:
        options = {
            "INFERENCE_PRECISION_HINT": ARITHMETIC[self._precision],
            "INFERENCE_NUM_THREADS": self.threads,
            "NUM_STREAMS": streams,
            # Pinned, the workers of one host would all crowd onto its first cores.
            "ENABLE_CPU_PINNING": False,
            "CPU_RUNTIME_CACHE_CAPACITY": CACHED_KERNELS,
        }
        compiled = core().compile_model(self.model, "CPU", options)
        used = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        if used != ARITHMETIC[self._precision]:
            raise Unconvertible(f"on this processor it computes in {used}, not in {self._precision}")
        return [compiled.create_infer_request() for _ in range(streams)]

    def _check(self, network: nn.Module) -> None:
        """Against torch, on another size and batch than was traced."""
        pixels = torch.randn(2, 3, 128, 96, generator=torch.Generator().manual_seed(0))
        try:
            found = self(pixels.numpy())
        except RuntimeError as error:
            raise Unconvertible(first_line(error)) from error
        with torch.inference_mode():
            expected: list[torch.Tensor] = network(pixels)
        for ours, torchs in zip(found, expected, strict=True):
            if ours.shape != torchs.shape:
                raise Unconvertible(f"it gives a stage of {tuple(ours.shape)} for {tuple(torchs.shape)}")
            off = float((ours - torchs).norm() / torchs.norm().clamp(min=1e-12))
            if not off <= TOLERANCES[self._precision]:
                raise Unconvertible(f"its features lie {off:.1e} of their norm off torch's")
