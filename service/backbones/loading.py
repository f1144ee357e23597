"""A backbone by its name: kept on disk already, or made by timm."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from service.backbones.base import Backbone
from service.backbones.ensemble import JOINT, Ensemble, members_of
from service.backbones.kept_networks import KeptNetworks
from service.backbones.network import Network
from service.backbones.precision import Precision, chosen
from service.backbones.runtime import Runtime
from service.backbones.source import source_of


@lru_cache(maxsize=8)
def load_backbone(
    name: str,
    strides: tuple[int, ...],
    weights_path: Path | None = None,
    device: str = "cpu",
    precision: Precision = "float32",
    downloads: bool = False,
    runtime: Runtime = Runtime.TORCH,
    kept: Path | None = None,
) -> Backbone:
    """The network ``name`` with the stages at ``strides``, made once a process for equal arguments; for names
    joined by ``+`` their Ensemble.

    Where the weights come from: see ``source_of``; no connection is opened but for ``downloads``. bfloat16
    and the runtime change features by rounding alone. In the folder ``kept`` a network that OpenVINO computes
    is found again by later processes. Raises UnfitWeights (a ValueError) in a sentence: unknown name, a
    stride the network lacks, missing or foreign weights; and UnfitRuntime, a ValueError too. Blocks for about
    three seconds for the first network and one for each further, for a fifth of one that is kept.
    """
    if JOINT not in name:
        return _network(name, strides, weights_path, device, precision, downloads, runtime, kept)
    return Ensemble(
        [
            load_backbone(member, strides, weights_path, device, precision, downloads, runtime, kept)
            for member in members_of(name, weights_path)
        ]
    )


def _network(
    name: str,
    strides: tuple[int, ...],
    weights_path: Path | None,
    device: str,
    precision: Precision,
    downloads: bool,
    runtime: Runtime,
    kept: Path | None,
) -> Network:
    source, arithmetic = source_of(name, weights_path, downloads=downloads), chosen(precision, device)
    by_openvino = device == "cpu" and runtime in (Runtime.AUTO, Runtime.OPENVINO) and find_spec("openvino")
    networks = KeptNetworks(kept) if kept is not None and by_openvino else None
    if networks and (found := networks.get(name, strides, source, arithmetic)):
        return found
    # Imported late: see kept_networks.
    from service.backbones.timm_network import timm_network

    made = timm_network(name, strides, source, device, arithmetic, runtime)
    if networks:
        networks.put(made, source)
    return made
