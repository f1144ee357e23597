"""A network made ready for its device: by torch, or by OpenVINO where that is faster."""

from importlib.util import find_spec
from typing import Protocol

import structlog
import torch
from torch import nn

from service.backbones.base import Batch
from service.backbones.openvino_conversion import Unconvertible
from service.backbones.openvino_network import ARITHMETIC, OpenVinoNetwork
from service.backbones.precision import TORCH_TYPES, Arithmetic
from service.backbones.refusal import UnfitRuntime
from service.backbones.runtime import Runtime

_log = structlog.get_logger()


class Forward(Protocol):
    """One thread at a time."""

    @property
    def runtime(self) -> Runtime: ...

    def __call__(self, batch: Batch) -> list[torch.Tensor]:
        """[B, 3, H, W] to fp32 stages on the device, without gradients. Blocks for the network's time,
        on CUDA until it is launched."""
        ...


class TorchNetwork:
    """A Forward on any device of torch. float32 is IEEE's: TF32, which cuDNN would take, is off by 1e-3."""

    runtime = Runtime.TORCH

    def __init__(self, network: nn.Module, device: str, precision: Arithmetic) -> None:
        self._device, self._type = device, TORCH_TYPES[precision]
        self._network = network.to(device, self._type).to(memory_format=torch.channels_last)

    def __call__(self, batch: Batch) -> list[torch.Tensor]:
        """See Forward."""
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            pixels = torch.as_tensor(batch).to(self._device, self._type)
            pixels = pixels.contiguous(memory_format=torch.channels_last)
            return [stage.float() for stage in self._network(pixels)]


def forward_of(
    network: nn.Module, name: str, device: str, precision: Arithmetic, runtime: Runtime
) -> Forward:
    """The folded float32 ``network`` by the runtime that the settings name. Raises UnfitRuntime in a sentence
    when that was OpenVINO by name and it cannot be, and for none. Blocks for up to a second."""
    if runtime is Runtime.NONE:
        raise UnfitRuntime(
            f"The runtime none computes nothing, {name} neither: set PATCHLINE_ENGINE__RUNTIME=auto."
        )
    if runtime is Runtime.TORCH or (runtime is Runtime.AUTO and not _offered(device, precision)):
        return TorchNetwork(network, device, precision)
    try:
        return _by_openvino(network, device, precision)
    except Unconvertible as reason:
        if runtime is Runtime.OPENVINO:
            raise UnfitRuntime(
                f"OpenVINO cannot run {name} ({reason}): set PATCHLINE_ENGINE__RUNTIME=auto."
            ) from reason
        # Twice the time, and the same features: no reason to refuse the network.
        _log.warning("OpenVINO cannot run the network, torch does", backbone=name, reason=str(reason))
        return TorchNetwork(network, device, precision)


def _offered(device: str, precision: Arithmetic) -> bool:
    return device == "cpu" and precision in ARITHMETIC and find_spec("openvino") is not None


def _by_openvino(network: nn.Module, device: str, precision: Arithmetic) -> Forward:
    if device != "cpu":
        raise Unconvertible(f"it is for CPUs, and the device is {device}")
    if precision not in ARITHMETIC:
        raise Unconvertible(f"it computes in {' or '.join(ARITHMETIC)}, not in {precision}")
    if find_spec("openvino") is None:
        raise Unconvertible("it is not installed: pip install openvino")
    return OpenVinoNetwork.converted(network, precision)
