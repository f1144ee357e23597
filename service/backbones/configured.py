"""The backbone that a recipe names, with the weights and on the engine that the settings name."""

from service.backbones.base import Backbone
from service.backbones.ensemble import joint_sha256, members_of
from service.backbones.loading import load_backbone
from service.backbones.precision import Arithmetic, Precision, chosen
from service.backbones.refusal import UnfitWeights
from service.backbones.source import source_of
from service.backbones.weights import sha256_of
from service.patchcore.recipe import Recipe
from service.settings import EngineSettings


def backbone_for(recipe: Recipe, engine: EngineSettings, made_with: Arithmetic | None = None) -> Backbone:
    """As ``load_backbone``, which says what is raised and how long it blocks. Where the settings leave the
    arithmetic open it is that which a bank was ``made_with``: thresholds hold for no other. What a GPU made
    in float16 a CPU, which has none, computes in float32: that lies nearest."""
    precision = chosen(_wished(engine, made_with), engine.device)
    return load_backbone(
        recipe.backbone,
        recipe.stages,
        engine.weights,
        engine.device,
        precision,
        engine.downloads,
        engine.runtime,
        engine.networks_folder,
    )


def _wished(engine: EngineSettings, made_with: Arithmetic | None) -> Precision:
    if engine.precision != "auto" or made_with is None:
        return engine.precision
    return "float32" if (made_with, engine.device) == ("float16", "cpu") else made_with


def weights_in_use(engine: EngineSettings, backbone: str) -> str:
    """The sha256 of the weights that a worker with these settings has for a backbone. Raises
    ``UnfitWeights`` for one that it has none of."""
    members = members_of(backbone, engine.weights)
    shas = [_sha256(member, engine) for member in members]
    return shas[0] if len(members) == 1 else joint_sha256(members, shas)


def _sha256(network: str, engine: EngineSettings) -> str:
    source = source_of(network, engine.weights, downloads=engine.downloads)
    try:
        return sha256_of(source.path)
    except OSError as error:
        raise UnfitWeights(
            f"The weights {source.path} cannot be read ({error.strerror}): check the path."
        ) from error
