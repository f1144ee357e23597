"""From torch's network to OpenVINO's, before it is compiled."""

import warnings
from typing import Any

import torch
from torch import nn


class Unconvertible(Exception):
    """OpenVINO cannot run the network, or not as torch does."""


def openvino_model(network: nn.Module) -> Any:
    """The network as OpenVINO's. Raises Unconvertible for operations of its own and for a trace that fails.
    Blocks for half a second. By the front end itself: openvino.convert_model reports its use to Intel over
    the network."""
    from openvino import frontend
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    failures = (
        RuntimeError,
        AssertionError,
        frontend.GeneralFailure,
        frontend.NotImplementedFailure,
        frontend.OpConversionFailure,
        frontend.OpValidationFailure,
    )
    try:
        decoder = TorchScriptPythonDecoder(_traced(network), skip_freeze=True)
        front_end = frontend.FrontEndManager().load_by_framework("pytorch")
        return front_end.convert(front_end.load(decoder))
    except failures as error:
        raise Unconvertible(first_line(error)) from error


def _traced(network: nn.Module) -> Any:
    def forward(pixels: torch.Tensor) -> Any:
        return network(pixels)

    with warnings.catch_warnings(), torch.inference_mode():
        # That tracing is deprecated, and what a trace cannot know, which _check looks at.
        warnings.simplefilter("ignore")
        # As a function, with the weights as constants: a traced module takes five times as long.
        pixels = torch.zeros(1, 3, 96, 64)
        return torch.jit.trace(forward, pixels, check_trace=False, strict=False)  # type: ignore[no-untyped-call]


def first_line(error: Exception) -> str:
    """What OpenVINO says of a failure, without where in its source it was."""
    return (str(error).splitlines() or [type(error).__name__])[0]
