"""Any convolutional network of timm as a backbone, on torch."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from torch import nn

from service.backbones.base import Backbone
from service.backbones.folding import fold_batch_norm
from service.backbones.precision import TORCH_TYPES, Precision, chosen
from service.backbones.weights import WHEELS, UnfitWeights, fill
from service.images.resize import Triple

_TENSORFLOW: tuple[Triple, Triple] = ((127 / 255,) * 3, (128 / 255,) * 3)


class _Stages(nn.Module):
    """The network up to its last wanted stage, returning the wanted stages."""

    def __init__(self, network: nn.Module, indices: list[int]) -> None:
        super().__init__()
        self.network = network
        self.indices = indices

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        stages: list[torch.Tensor] = self.network.forward_intermediates(
            x, indices=self.indices, intermediates_only=True, stop_early=True
        )  # type: ignore[operator]
        return stages


class TimmNetwork:
    """A Backbone. Made by ``load_backbone``, which shares it; not safe for two threads at once."""

    def __init__(
        self,
        name: str,
        strides: tuple[int, ...],
        weights_path: Path | None,
        device: str,
        precision: Precision,
    ) -> None:
        self.name, self.strides, self.device = name, strides, device
        wheel = WHEELS.get(name) if weights_path is None else None
        network = _create(wheel.architecture if wheel else name)
        self.weights_sha256 = fill(network, name, weights_path)
        self.mean, self.std = _TENSORFLOW if wheel else _seen_in_training(network)
        indices, self.channels = _stages_at(network, name, strides)
        network.prune_intermediate_layers(indices)  # type: ignore[operator]
        self._type = TORCH_TYPES[chosen(precision, device)]
        self._network = _prepared(_Stages(network, indices), device).to(self._type)

    def stages(self, batch: NDArray[np.float32]) -> list[torch.Tensor]:
        """See Backbone.stages."""
        with torch.inference_mode():
            pixels = torch.from_numpy(batch).to(self.device, self._type)
            pixels = pixels.contiguous(memory_format=torch.channels_last)
            return [stage.float() for stage in self._network(pixels)]


@lru_cache(maxsize=8)
def load_backbone(
    name: str,
    strides: tuple[int, ...],
    weights_path: Path | None = None,
    device: str = "cpu",
    precision: Precision = "float32",
) -> Backbone:
    """The network ``name`` with the stages at ``strides``, made once a process for equal arguments.

    Without a path, ``efficientnet_lite0`` and ``efficientnet_lite2`` take the installed wheels' weights; any
    other timm name needs a local file. bfloat16 changes features by rounding alone. Never touches the
    network. Raises UnfitWeights (a ValueError) in a sentence: unknown name, a stride the network lacks,
    missing or foreign weights. Blocks for about a second.
    """
    return TimmNetwork(name, strides, weights_path, device, precision)


def _create(architecture: str) -> nn.Module:
    try:
        network: nn.Module = timm.create_model(architecture, pretrained=False)
    except RuntimeError as error:
        raise UnfitWeights(
            f"The backbone {architecture} is not known to timm: see timm.list_models()."
        ) from error
    return network.eval()


def _seen_in_training(network: nn.Module) -> tuple[Triple, Triple]:
    config = network.pretrained_cfg
    return tuple(config["mean"]), tuple(config["std"])  # type: ignore[index]


def _stages_at(network: nn.Module, name: str, strides: tuple[int, ...]) -> tuple[list[int], tuple[int, ...]]:
    """The deepest stage at each stride, as an index for timm, and its channels."""
    info = list(network.feature_info)  # type: ignore[arg-type]
    found = {stage["reduction"]: (index, stage["num_chs"]) for index, stage in enumerate(info)}
    if missing := [stride for stride in strides if stride not in found]:
        raise UnfitWeights(
            f"The backbone {name} has no stage at stride {missing[0]}: choose from {sorted(found)}."
        )
    return [found[stride][0] for stride in strides], tuple(found[stride][1] for stride in strides)


def _prepared(network: nn.Module, device: str) -> nn.Module:
    folded = fold_batch_norm(network.eval(), torch.linspace(-2, 2, 3 * 64 * 64).reshape(1, 3, 64, 64))
    for parameter in folded.parameters():
        parameter.requires_grad_(False)
    return folded.to(device).to(memory_format=torch.channels_last)
